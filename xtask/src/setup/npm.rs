//! The npm projects of the repository: a fixed list, installed from their lock files.

use std::fs;
use std::path::Path;

use crate::gate::run_line;
use crate::workspace;

/// A folder with a `package-lock.json`.
struct Project {
    folder: &'static str,
    /// Whether others run what it compiles to, so that it is compiled before them.
    built: bool,
}

/// Every npm project of the repository. One that another links to comes before it.
const PROJECTS: &[Project] = &[
    Project { folder: "clients/typescript", built: true },
    Project { folder: "clients/interop/node", built: false },
    Project { folder: "examples", built: true },
];

/// Brings every project's `node_modules` to what its lock file says, and compiles those that others run.
pub(super) fn install() -> Result<(), String> {
    for Project { folder, built } in PROJECTS {
        if installed(&workspace::root().join(folder)) {
            println!("{folder}: npm packages are up to date");
        } else {
            run_line(folder, "npm ci --no-audit --no-fund --loglevel=error")?;
        }
        if *built {
            run_line(folder, "npm run --silent build")?;
        }
    }
    Ok(())
}

/// Whether npm's own note of what it installed is newer than the lock file and the manifest.
fn installed(folder: &Path) -> bool {
    let changed = |path: &str| fs::metadata(folder.join(path)).and_then(|it| it.modified()).ok();
    let noted = changed("node_modules/.package-lock.json");
    noted.is_some() && noted > changed("package-lock.json") && noted > changed("package.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Names of packages for some platform that a lock file asks for and does not hold.
    fn dropped(lock: &Value) -> Vec<String> {
        let packages = lock["packages"].as_object().expect("packages");
        let held = |path: &str, name: &str| {
            [format!("node_modules/{name}"), format!("{path}/node_modules/{name}")]
                .iter()
                .any(|at| packages.contains_key(at))
        };
        let mut dropped = Vec::new();
        for (path, package) in packages {
            let optional = package["optionalDependencies"].as_object().into_iter().flatten();
            dropped.extend(optional.filter(|(name, _)| !held(path, name)).map(|(name, _)| name.clone()));
        }
        dropped
    }

    #[test]
    fn lock_files_hold_the_packages_of_every_platform() {
        for Project { folder, .. } in PROJECTS {
            let file = workspace::root().join(folder).join("package-lock.json");
            let lock = fs::read_to_string(&file).expect("a lock file");
            let dropped = dropped(&serde_json::from_str(&lock).expect("JSON"));
            // npm writes such a file where it finds only some of them, and refuses it afterwards.
            assert!(dropped.is_empty(), "{folder}: `npm ci` refuses a lock file without {dropped:?}");
        }
    }

    #[test]
    fn a_dropped_platform_package_is_found() {
        let lock = serde_json::json!({"packages": {
            "node_modules/a": {"optionalDependencies": {"a-linux": "1", "a-win32": "1"}},
            "node_modules/a-linux": {},
        }});
        assert_eq!(dropped(&lock), ["a-win32"]);
    }

    #[test]
    fn every_lock_file_belongs_to_a_listed_project() {
        for file in crate::tidy::files() {
            if let Some(project) = file.strip_suffix("/package-lock.json") {
                assert!(PROJECTS.iter().any(|it| it.folder == project), "{project} is missing in PROJECTS");
            }
        }
    }
}
