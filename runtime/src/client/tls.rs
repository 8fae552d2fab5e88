//! TLS for `wss://`, with the root certificates of the system.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::Connector;

/// Settings with the provider that the program installed, else ring. The certificates are read anew each time, since a
/// program may outlive those it started with.
pub(crate) fn connector() -> Result<Connector, String> {
    let provider =
        CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(ring::default_provider()));
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Stores of systems hold old certificates that nobody can read any more; the others count.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let errors: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err(format!("this system has no root certificates to trust ({})", errors.join("; ")));
    }
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config =
        builder.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
    Ok(Connector::Rustls(Arc::new(config)))
}
