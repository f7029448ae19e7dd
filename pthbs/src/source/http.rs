//! The HTTP client of all sources: certificates always verified, proxies and redirects under our rule.
//!
//! Every failure is one line that a person can act on. What a server answers is never believed: whoever asks checks
//! the bytes by their hash.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use ureq::http::{Response, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy, ProxyProtocol, Timeout};

use super::address::shown;
use super::config::{Config, Proxies};
use crate::base::error::system_word;
use crate::base::{Error, Result};

/// Makes requests; cheap to share between threads.
pub(super) struct Client {
    plain: Agent,
    secure: Agent,
    patience: Duration,
    stall: Duration,
    min_rate: u64,
    max_redirects: u32,
}

/// Why a request gave nothing.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) why: String,
    /// Whether asking again may help.
    pub(super) may_pass: bool,
}

impl Refusal {
    pub(super) fn lasting(why: impl Into<String>) -> Refusal {
        Refusal { why: why.into(), may_pass: false }
    }

    fn passing(why: impl Into<String>) -> Refusal {
        Refusal { why: why.into(), may_pass: true }
    }
}

impl Client {
    pub(super) fn new(config: &Config) -> Result<Client> {
        let Proxies { http, https, except } = &config.proxies;
        Ok(Client {
            plain: agent(config, proxy(http.as_deref(), except)?),
            secure: agent(config, proxy(https.as_deref(), except)?),
            patience: config.patience,
            stall: config.stall,
            min_rate: config.min_rate,
            max_redirects: config.max_redirects,
        })
    }

    /// One request, redirects followed: with a body it is a POST. Headers go to every host on the way, so they must
    /// hold no secret. Gives the answer and the URL that gave it.
    pub(super) fn ask(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<(Response<Body>, String), Refusal> {
        let mut url = url.to_string();
        for _ in 0..=self.max_redirects {
            let response = self.ask_once(&url, headers, body).map_err(|cause| self.refusal(cause))?;
            let status = response.status();
            let is_redirect = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
            if !is_redirect {
                return Ok((response, url));
            }
            let location = response.headers().get("location").and_then(|value| value.to_str().ok());
            let location =
                location.ok_or_else(|| Refusal::lasting(format!("{} without a place", described(status))))?;
            let next = joined(&url, location);
            if !is_http(&next) {
                return Err(Refusal::lasting(format!(
                    "redirected to `{}`, which is neither `http:` nor `https:`",
                    shown(&next).escape_debug()
                )));
            }
            // From `https:` to `http:` is allowed: mirror networks do it, and the hash is what we believe.
            url = next;
        }
        Err(Refusal::lasting(format!("more than {} redirects", self.max_redirects)))
    }

    fn ask_once(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Response<Body>, ureq::Error> {
        let agent = if is_https(url) { &self.secure } else { &self.plain };
        match body {
            None => headers
                .iter()
                .fold(agent.get(url), |request, (name, value)| request.header(*name, *value))
                .call(),
            Some(body) => headers
                .iter()
                .fold(agent.post(url), |request, (name, value)| request.header(*name, *value))
                .send(body),
        }
    }

    /// Reads a body to its end, in pieces; ends it when it stalls or is slower than allowed.
    pub(super) fn read_body(
        &self,
        body: &mut Body,
        mut take: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut reader = body.as_reader();
        let mut buffer = vec![0; 128 * 1024];
        let (mut since, mut bytes) = (Instant::now(), 0u64);
        loop {
            let n = match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(cause) => return Err(self.refusal(ureq::Error::from(cause))),
            };
            take(&buffer[..n])?;
            bytes += n as u64;
            let elapsed = since.elapsed();
            if elapsed >= self.stall {
                let rate = (bytes as f64 / elapsed.as_secs_f64()) as u64;
                if rate < self.min_rate {
                    let span = elapsed.as_secs_f64();
                    return Err(Refusal::lasting(format!(
                        "too slow: {rate} bytes a second over {span:.0} s, at least {} are wanted",
                        self.min_rate
                    )));
                }
                (since, bytes) = (Instant::now(), 0);
            }
        }
    }

    fn refusal(&self, cause: ureq::Error) -> Refusal {
        match cause {
            ureq::Error::Io(cause) if cause.kind() == ErrorKind::UnexpectedEof => {
                Refusal::passing("the connection ended too early")
            }
            ureq::Error::Io(cause) if cause.to_string().starts_with("failed to lookup address") => {
                Refusal::lasting("the host is not known")
            }
            ureq::Error::Io(cause) if cause.kind() == ErrorKind::ConnectionRefused => {
                Refusal::lasting(system_word(&cause))
            }
            ureq::Error::Io(cause) => Refusal::passing(system_word(&cause)),
            ureq::Error::Timeout(Timeout::PerRead) => {
                Refusal::passing(format!("no byte arrived for {:.0} s", self.stall.as_secs_f64()))
            }
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                Refusal::lasting(format!("no connection within {:.0} s", self.patience.as_secs_f64()))
            }
            ureq::Error::Timeout(_) => {
                Refusal::passing(format!("no answer within {:.0} s", self.patience.as_secs_f64()))
            }
            ureq::Error::HostNotFound => Refusal::lasting("the host is not known"),
            ureq::Error::Protocol(cause) => Refusal::passing(format!("not HTTP: {cause}")),
            ureq::Error::Rustls(cause) => Refusal::lasting(format!("TLS: {cause}")),
            other => Refusal::lasting(other.to_string()),
        }
    }
}

/// A status that is no success, as a refusal. Busy and broken servers are worth another try, a missing file is not.
pub(super) fn refused(status: StatusCode) -> Refusal {
    let may_pass = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
    Refusal { why: described(status), may_pass }
}

fn described(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("the server says {} {reason}", status.as_u16()),
        None => format!("the server says {}", status.as_u16()),
    }
}

fn agent(config: &Config, proxy: Option<Proxy>) -> Agent {
    Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .user_agent(concat!("pthbs/", env!("CARGO_PKG_VERSION")))
        // A source is its bytes as they lie there: no transfer compression, whose other end could differ.
        .accept_encoding("identity")
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(proxy)
        .timeout_resolve(Some(config.patience))
        .timeout_connect(Some(config.patience))
        .timeout_recv_response(Some(config.patience))
        .timeout_per_read(Some(config.stall))
        .timeout_per_write(Some(config.stall))
        .build()
        .into()
}

fn proxy(url: Option<&str>, except: &[String]) -> Result<Option<Proxy>> {
    let Some(url) = url.filter(|url| !url.is_empty()) else { return Ok(None) };
    let wrong =
        || Error::usage(format!("`{}` is not a proxy's URL", shown(url))).hint("write `http://host:port`");
    let parsed = Proxy::new(url).map_err(|_| wrong())?;
    let protocol = parsed.protocol();
    if !matches!(protocol, ProxyProtocol::Http | ProxyProtocol::Https) {
        return Err(wrong());
    }
    let mut builder = Proxy::builder(protocol).host(parsed.host()).port(parsed.port());
    if let Some(name) = parsed.username() {
        builder = builder.username(name);
    }
    if let Some(password) = parsed.password() {
        builder = builder.password(password);
    }
    builder = except.iter().fold(builder, |builder, host| builder.no_proxy(host));
    builder.build().map(Some).map_err(|_| wrong())
}

fn has_scheme(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn is_https(url: &str) -> bool {
    has_scheme(url, "https://")
}

fn is_http(url: &str) -> bool {
    is_https(url) || has_scheme(url, "http://")
}

/// The URL that a `Location` means, seen from the URL that was asked.
fn joined(base: &str, location: &str) -> String {
    let location = location.split('#').next().unwrap_or_default();
    let scheme_end = location.find(':').filter(|end| !location[..*end].contains(['/', '?']));
    if scheme_end.is_some() {
        return location.to_string();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("http", base));
    if location.starts_with("//") {
        return format!("{scheme}:{location}");
    }
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if location.starts_with('/') {
        return format!("{scheme}://{host}{location}");
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if location.starts_with('?') {
        return format!("{scheme}://{host}{path}{location}");
    }
    let dir = path.rfind('/').map_or("/", |end| &path[..=end]);
    format!("{scheme}://{host}{dir}{location}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_seen_from_the_url_that_was_asked() {
        for (base, location, expected) in [
            ("https://h/a/b?x", "c", "https://h/a/c"),
            ("https://h/a/b", "/c", "https://h/c"),
            ("https://h/a/b", "//i/c", "https://i/c"),
            ("https://h", "c", "https://h/c"),
            ("https://h/a?y", "?x=1:2", "https://h/a?x=1:2"),
            ("https://h/a", "file:///etc/passwd", "file:///etc/passwd"),
            ("https://h/a", "http://i/#frag", "http://i/"),
        ] {
            assert_eq!(joined(base, location), expected, "{base} {location}");
        }
    }

    #[test]
    fn a_proxy_is_a_url() {
        let none: [String; 0] = [];
        assert!(proxy(Some(""), &none).unwrap().is_none());
        let known = proxy(Some("http://me:pw@host:3128"), &["localhost".to_string()]).unwrap().unwrap();
        assert_eq!((known.host(), known.port(), known.username()), ("host", 3128, Some("me")));
        assert!(proxy(Some("socks5://host"), &none).is_err());
    }
}
