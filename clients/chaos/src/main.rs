//! Runs a real server and each generated client in both codecs, all at once, through a proxy that cuts, half-opens,
//! stalls, throttles, resets and closes in the middle of frames; then compares what both ends have counted.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the findings are its output")]

mod faults;
mod judge;
mod program;
mod proxy;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chaos::{CONTROL, ChaosClient, ClientTally, ServerTally};
use clap::Parser;
use faults::Plan;
use futures_util::future::join_all;
use judge::{Findings, judge};
use program::{Program, resident};
use proxy::Proxy;
use tokio::process::Command;

/// Cuts connections under all clients and counts what is lost.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long faults are made, in minutes
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// The seed of the faults; another run's plan is had again with its seed
    #[arg(long)]
    seed: Option<u64>,
    /// Only these clients, such as `rust-json,python-msgpack`
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

/// The clients under test: language, folder, command. The URL, the user and the codec are added.
const CLIENTS: &[(&str, &str, &[&str])] = &[
    ("rust", ".", &[]),
    ("typescript", "clients/typescript", &["node", "build/chaos/main.js"]),
    ("python", "clients/python", &["python", "-m", "tests.chaos"]),
];
const CODECS: &[&str] = &["json", "msgpack"];
/// Memory that the server may take beside a fifth more than it had at one fifth of the run.
const SLACK: u64 = 8 << 20;
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long a client may take for what is under way when it is told to stop: longer than all that it waits for itself.
const END_LIMIT: Duration = Duration::from_secs(90);
/// How long the server may take to answer this program.
const CONTROL_LIMIT: Duration = Duration::from_secs(10);

/// One client with the proxy before it.
struct Subject {
    name: String,
    proxy: Proxy,
    program: Program,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("chaos: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<bool, String> {
    let seed = arguments.seed.unwrap_or_else(some_seed);
    println!("chaos: {} minutes, --seed {seed}", arguments.minutes);
    let mut server = Program::start("the server", &mut beside("chaos-server"))?;
    let address = server.line("listening on ", START_LIMIT).await?;
    let address: SocketAddr = address.parse().map_err(|error| format!("{address}: {error}"))?;
    let control = wirecall::connect(format!("ws://{address}/")).token(format!("user:{CONTROL}")).await;
    let control = ChaosClient::new(&control.map_err(|error| error.to_string())?);

    let mut subjects = start(arguments, seed, address).await?;
    let fifth = Duration::from_secs_f64(arguments.minutes * 12.0);
    tokio::time::sleep(fifth).await;
    let early = resident(server.id());
    tokio::time::sleep(fifth * 4).await;
    let late = resident(server.id());

    for subject in &subjects {
        subject.proxy.calm();
    }
    let mut clean = true;
    if let Err(error) = control.hush().timeout(CONTROL_LIMIT).await {
        eprintln!("FAULT: hush: {error}");
        clean = false;
    }
    // At once, so that each has all its time.
    let lines = join_all(subjects.iter_mut().map(|subject| async {
        subject.program.stop().await?;
        subject.program.line("tally ", END_LIMIT).await
    }));
    let lines = lines.await;
    for (subject, line) in subjects.iter().zip(lines) {
        let told: Result<ClientTally, String> = match line {
            Ok(line) => serde_json::from_str(&line).map_err(|error| error.to_string()),
            Err(error) => Err(error),
        };
        let counted: ServerTally = control
            .tally(subject.name.clone())
            .timeout(CONTROL_LIMIT)
            .await
            .map_err(|error| format!("tally: {error}"))?;
        let found = told.map_or_else(
            |error| Findings { faults: vec![error], ..Findings::default() },
            |told| judge(&told, &counted),
        );
        clean &= report(subject, &found, growth(early, late), arguments.minutes);
    }
    if cfg!(target_os = "linux") && early == 0 {
        eprintln!("FAULT: the server's memory could not be read");
        clean = false;
    }
    if late > early / 5 * 6 + SLACK {
        eprintln!("FAULT: the server's memory grew from {early} to {late} bytes");
        clean = false;
    }
    if !clean {
        eprintln!("chaos: faults were found; the same plan: --seed {seed}");
    }
    Ok(clean)
}

async fn start(arguments: &Arguments, seed: u64, server: SocketAddr) -> Result<Vec<Subject>, String> {
    let all = CLIENTS.iter().flat_map(|client| CODECS.iter().map(move |codec| (*client, *codec)));
    let mut subjects = Vec::new();
    for (place, ((language, folder, command), codec)) in all.enumerate() {
        let user = format!("{language}-{codec}");
        if !arguments.only.is_empty() && !arguments.only.contains(&user) {
            continue;
        }
        let proxy = Proxy::start(server, Plan::new(seed, place as u64)).await;
        let proxy = proxy.map_err(|error| format!("the proxy of {user}: {error}"))?;
        let mut command = match command.split_first() {
            None => beside("chaos-client"),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).current_dir(root().join(folder)).env("PYTHONPATH", "src");
                command
            }
        };
        let url = format!("ws://{}/", proxy.address);
        let program = Program::start(&user, command.args([&url, &user, codec]))?;
        subjects.push(Subject { name: user, proxy, program });
    }
    if subjects.is_empty() {
        return Err(
            "no client is called that; there are rust, typescript and python, each with -json or -msgpack"
                .to_owned(),
        );
    }
    Ok(subjects)
}

/// Prints the line of one client; false where something is wrong.
fn report(subject: &Subject, found: &Findings, growth: f64, minutes: f64) -> bool {
    let count = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    let done = &subject.proxy.done;
    let calm = too_calm(count(&done.cuts), count(&done.half_opens), found.fenced, minutes);
    println!(
        "{}: cuts={} half_opens={} connections={} sent={} delivered={} lost={} duplicated={} reordered={} unknown={} rss_growth={growth:.2}",
        subject.name.replace('-', " "),
        count(&done.cuts),
        count(&done.half_opens),
        count(&done.connections),
        found.sent,
        found.delivered,
        found.lost,
        found.duplicated,
        found.reordered,
        found.unknown,
    );
    for fault in found.faults.iter().take(10).chain(&calm) {
        eprintln!("FAULT: {}: {fault}", subject.name);
    }
    found.is_clean() && calm.is_none()
}

/// Cuts and half-opens of a minute, of each client: a proxy that does little would show little. Half as many where the run is
/// one test among others, on a machine that has more to do.
fn least(minutes: f64) -> (f64, f64) {
    if minutes < 5.0 { (50.0, 5.0) } else { (100.0, 10.0) }
}

/// Of so many half-open connections the server must have held at least one until its client came back; mostly it is six and more.
const HALF_OPENS_A_FENCE: u64 = 10;

/// What is wrong where so little happened to the connections that the rest says nothing.
fn too_calm(cuts: u64, half_opens: u64, fenced: u64, minutes: f64) -> Option<String> {
    let (least_cuts, least_half_opens) = least(minutes);
    let short = |done: u64, least: f64| f64::from(u32::try_from(done).unwrap_or(u32::MAX)) < least * minutes;
    if short(cuts, least_cuts) || short(half_opens, least_half_opens) {
        return Some(format!(
            "only {cuts} cuts and {half_opens} half-opens: at least {least_cuts} and {least_half_opens} a minute show something"
        ));
    }
    (fenced * HALF_OPENS_A_FENCE < half_opens).then(|| {
        format!(
            "of {half_opens} half-open connections only {fenced} were still held when their client came back"
        )
    })
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
fn growth(early: u64, late: u64) -> f64 {
    late as f64 / early.max(1) as f64
}

/// A program that cargo built beside this one.
fn beside(name: &str) -> Command {
    let own = std::env::current_exe().unwrap_or_default();
    Command::new(own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A seed that differs from run to run.
fn some_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |time| u64::from(time.subsec_nanos()) ^ time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::too_calm;

    #[test]
    fn a_run_in_which_hardly_anything_is_cut_shows_nothing() {
        let is_enough = |cuts, half_opens, minutes| too_calm(cuts, half_opens, half_opens, minutes).is_none();
        assert!(!is_enough(0, 0, 1.0));
        assert!(is_enough(500, 50, 5.0) && !is_enough(499, 50, 5.0) && !is_enough(500, 49, 5.0));
        assert!(is_enough(50, 5, 1.0) && !is_enough(49, 5, 1.0) && !is_enough(50, 4, 1.0));
    }

    #[test]
    fn half_opens_that_the_server_knew_of_before_its_client_came_back_show_nothing() {
        assert_eq!(too_calm(500, 50, 5, 5.0), None);
        assert!(too_calm(500, 50, 4, 5.0).is_some());
    }
}
