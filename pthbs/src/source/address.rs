//! The address of a file, read from the text in a definition.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Where a file can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// `file:///path` or `file:/path`
    File(PathBuf),
    /// `http://…` or `https://…`
    Http(String),
    /// `deb-src:SUITE/SOURCEPACKAGE/FILE` or `deb-src:SUITE/COMPONENT/SOURCEPACKAGE/FILE`
    DebSrc(DebSrc),
}

/// A file of a Debian source package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DebSrc {
    pub(super) suite: String,
    pub(super) component: String,
    pub(super) package: String,
    pub(super) file: String,
}

impl Address {
    /// Reads an address; says what is wrong with it otherwise.
    pub(super) fn parse(url: &str) -> Result<Address, String> {
        // A control character could end a header line or draw on a terminal; no URL has one.
        if url.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
            return Err("a URL has no spaces or control characters".to_string());
        }
        let (scheme, rest) = url.split_once(':').ok_or("it is no URL")?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => match rest.strip_prefix("//") {
                Some(host) if !host.is_empty() && !host.starts_with('/') => {
                    Ok(Address::Http(url.to_string()))
                }
                _ => Err("it names no host".to_string()),
            },
            "file" => file_path(rest).map(Address::File),
            "deb-src" => DebSrc::parse(rest).map(Address::DebSrc),
            _ => Err(format!("`{scheme}:` is not one of `https: http: file: deb-src:`")),
        }
    }
}

fn file_path(rest: &str) -> Result<PathBuf, String> {
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").unwrap_or(rest),
        None => rest,
    };
    if !path.starts_with('/') {
        return Err("a `file:` URL needs an absolute path: `file:///path`".to_string());
    }
    let bytes = percent_decoded(path).ok_or("a `%` is not followed by two hexadecimal digits")?;
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

/// The `file:` URL of a path.
pub(super) fn file_url(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut url = "file://".to_string();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._~-+".contains(byte) {
            url.push(char::from(*byte));
        } else {
            url.push_str(&format!("%{byte:02x}"));
        }
    }
    url
}

/// `%41` becomes `A`; nothing where a `%` is not followed by two digits.
pub(super) fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(u8::try_from(digit()? * 16 + digit()?).ok().filter(|byte| *byte != 0)?);
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

impl DebSrc {
    fn parse(rest: &str) -> Result<DebSrc, String> {
        let parts: Vec<&str> = rest.split('/').collect();
        let (suite, component, package, file) = match parts[..] {
            [suite, package, file] => (suite, "main", package, file),
            [suite, component, package, file] => (suite, component, package, file),
            _ => return Err("it is not `deb-src:SUITE/SOURCEPACKAGE/FILE`".to_string()),
        };
        for part in [suite, component, package, file] {
            let starts_well = part.starts_with(|c: char| c.is_ascii_alphanumeric());
            // These words become arguments and paths: nothing but plain ones.
            if !starts_well || !part.bytes().all(|b| b.is_ascii_alphanumeric() || b".+_~%-".contains(&b)) {
                return Err(format!("`{part}` is not a suite, component, source package or file"));
            }
        }
        let [suite, component, package, file] = [suite, component, package, file].map(str::to_string);
        Ok(DebSrc { suite, component, package, file })
    }

    /// Its path below an archive's root: `pool/main/z/zsh/zsh_5.9.orig.tar.xz`.
    pub(super) fn pool_path(&self) -> String {
        let DebSrc { component, package, file, .. } = self;
        let prefix =
            if package.starts_with("lib") && package.len() > 3 { &package[..4] } else { &package[..1] };
        format!("pool/{component}/{prefix}/{package}/{file}")
    }
}

/// A URL as it is shown: without the user and password that may stand in it.
pub(super) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_string() };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match host.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => url.to_string(),
    }
}

/// The last part of a URL's path, where it is a plain file name.
pub(super) fn base_name(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?;
    let name = path.rsplit('/').next()?;
    (!name.is_empty() && name != "." && name != ".." && !name.contains(['%', ':'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!(Address::parse("file:///a%20b"), Ok(Address::File("/a b".into())));
        assert_eq!(Address::parse(&file_url(Path::new("/a b/%#é"))), Ok(Address::File("/a b/%#é".into())));
        assert_eq!(Address::parse("file://localhost/a"), Ok(Address::File("/a".into())));
        assert_eq!(Address::parse("https://a/b"), Ok(Address::Http("https://a/b".into())));
        let Ok(Address::DebSrc(file)) = Address::parse("deb-src:trixie/zsh/zsh_5.9.orig.tar.xz") else {
            panic!()
        };
        assert_eq!(file.pool_path(), "pool/main/z/zsh/zsh_5.9.orig.tar.xz");
        let Ok(Address::DebSrc(file)) = Address::parse("deb-src:sid/contrib/libfoo/x.tar") else { panic!() };
        assert_eq!(file.pool_path(), "pool/contrib/libf/libfoo/x.tar");
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (url, why) in [
            ("zsh.tar", "no URL"),
            ("file:a", "absolute path"),
            ("file:///a%zz", "hexadecimal"),
            ("file:///a%00", "hexadecimal"),
            ("ftp://a/b", "`ftp:` is not one of"),
            ("https:///b", "no host"),
            ("https://a/b\r\nX: y", "control"),
            ("deb-src:sid/zsh", "SUITE"),
            ("deb-src:sid/-o/x", "`-o` is not"),
            ("deb-src:sid/../x", "`..` is not"),
        ] {
            let answer = Address::parse(url).unwrap_err();
            assert!(answer.contains(why), "{url}: {answer}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(shown("https://me:secret@host/a@b"), "https://host/a@b");
        assert_eq!(shown("https://host/a@b"), "https://host/a@b");
        assert_eq!(base_name("https://h/d/zsh-5.9.tar.xz?x=/y"), Some("zsh-5.9.tar.xz"));
        assert_eq!(base_name("https://h/d/"), None);
    }
}
