//! Which web pages may connect. A browser sends its page's origin with every upgrade; other programs send none.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Uri};

/// Which origins may connect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum OriginPolicy {
    /// Only pages of the same host and port.
    #[default]
    Same,
    /// These, and those of the same host and port.
    List(Vec<String>),
    /// All.
    Any,
}

impl OriginPolicy {
    /// Whether a request with these headers may connect. *Same-origin unless told; none (no browser) passes.*
    pub(crate) fn allows(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        match self {
            Self::Any => true,
            Self::List(allowed) if allowed.iter().any(|one| one.eq_ignore_ascii_case(origin)) => true,
            _ => same(origin, headers, uri),
        }
    }
}

fn same(origin: &str, headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(http::uri::Authority::as_str));
    let (Some((scheme, authority)), Some(host)) = (origin.split_once("://"), host) else { return false };
    let default = if scheme == "https" { ":443" } else { ":80" };
    authority.trim_end_matches(default).eq_ignore_ascii_case(host.trim_end_matches(default))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Uri};

    use super::OriginPolicy;

    fn allows(policy: &OriginPolicy, origin: Option<&'static str>, host: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_static(origin));
        }
        policy.allows(&headers, &Uri::from_static("/ws"))
    }

    #[test]
    fn pages_of_the_same_host_and_port_may_connect() {
        let same = OriginPolicy::Same;
        assert!(allows(&same, Some("https://example.org"), "example.org"));
        assert!(allows(&same, Some("http://localhost:3000"), "localhost:3000"));
        assert!(allows(&same, Some("https://example.org:443"), "example.org"));
        assert!(!allows(&same, Some("https://evil.example"), "example.org"));
        assert!(!allows(&same, Some("http://localhost:3001"), "localhost:3000"));
        assert!(!allows(&same, Some("null"), "example.org"));
    }

    #[test]
    fn a_program_that_is_no_browser_may_connect() {
        assert!(allows(&OriginPolicy::Same, None, "example.org"));
    }

    #[test]
    fn listed_origins_may_connect_and_only_those() {
        let list = OriginPolicy::List(vec!["https://app.example.org".to_owned()]);
        assert!(allows(&list, Some("https://app.example.org"), "api.example.org"));
        assert!(!allows(&list, Some("https://app.example.org.evil.example"), "api.example.org"));
    }
}
