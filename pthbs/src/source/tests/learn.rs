//! Fetching what nobody knows the sum of: kept by the sum that it has, and nothing of a failure stays.

use super::server::{Reply, Server};
use super::{Bench, quick};
use crate::base::Sha256;
use crate::source::Config;

const BYTES: &[u8] = b"a file that nobody knows yet";

#[test]
fn a_file_is_kept_by_the_sum_that_it_has() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.path.as_str() {
        "/x-1.tar.gz" => Reply::ok(BYTES),
        _ => Reply::status(404),
    });
    let path = bench.write("y", BYTES);
    let fetcher = bench.fetcher(quick());
    for urls in
        [vec![server.url("/gone"), server.url("/x-1.tar.gz")], vec![format!("file://{}", path.display())]]
    {
        let (sum, kept) = fetcher.learn("x", &urls).unwrap();
        assert_eq!((sum, kept), (Sha256::of(BYTES), bench.store.source(&Sha256::of(BYTES))));
    }
    assert_eq!(bench.kept(), [Sha256::of(BYTES).to_string()]);
}

#[test]
fn every_reason_of_a_failure_is_told_and_nothing_is_kept() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply::status(404));
    let empty = bench.write("empty", b"");
    let urls = [server.url("/x"), format!("file://{}", empty.display()), "ftp://h/x".to_string()];
    let error = bench.fetcher(quick()).learn("x", &urls).unwrap_err().to_string();
    for part in ["cannot fetch `x`", "404 Not Found", "the file is empty", "`ftp:` is not one of"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(bench.kept().is_empty());
    let offline = bench.fetcher(Config { offline: true, ..quick() });
    assert!(offline.learn("x", &urls[..1]).unwrap_err().to_string().contains("offline"));
}

#[test]
fn a_page_is_read_as_text() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.path.as_str() {
        "/list" => Reply::ok(b"x-1.0.tar.gz x-1.1.tar.gz \xff"),
        _ => Reply::status(500),
    });
    let fetcher = bench.fetcher(quick());
    assert!(fetcher.page(&server.url("/list")).unwrap().contains("x-1.1.tar.gz"));
    let error = fetcher.page(&server.url("/other")).unwrap_err().to_string();
    assert!(error.contains("500"), "{error}");
    assert!(fetcher.page("deb-src:trixie/zsh/x").is_err());
}
