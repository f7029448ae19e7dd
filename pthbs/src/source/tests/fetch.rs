//! Fetching from a real server with faults: nothing wrong is kept, every reason is told.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::server::{Reply, Server};
use super::{Bench, file, origins, quick};
use crate::base::Sha256;
use crate::base::event::Event;
use crate::source::{Config, Mirror};

const BYTES: &[u8] = b"the bytes of a source, long enough to be cut in two";

#[test]
fn a_kept_file_is_found_without_asking_anybody() {
    let bench = Bench::new();
    fs::write(bench.store.source(&Sha256::of(BYTES)), BYTES).unwrap();
    assert_eq!(
        bench.fetch(BYTES, &["http://127.0.0.1:1/x"]).unwrap(),
        bench.store.source(&Sha256::of(BYTES))
    );
    assert!(bench.events.lock().unwrap().is_empty());
}

#[test]
fn a_file_of_any_name_in_a_distfiles_directory_is_as_good_as_a_download() {
    let bench = Bench::new();
    bench.write("dist/x-1.tar.gz", b"something else");
    bench.write("dist/whatever", BYTES);
    let fetcher = bench.fetcher(Config { distfiles: vec![bench.path("dist")], offline: true, ..quick() });
    let kept = fetcher.fetch(&file(BYTES), &origins(&["http://127.0.0.1:1/x"])).unwrap();
    assert_eq!(fs::read(kept).unwrap(), BYTES);
    assert_eq!(bench.reasons().len(), 1, "the file with the right name and the wrong bytes is told");
}

#[test]
fn urls_are_tried_in_order_and_every_reason_is_told() {
    let bench = Bench::new();
    let path = bench.write("a b", BYTES);
    let server = Server::start(|_| Reply::status(404));
    let good = format!("file://{}", path.display().to_string().replace(' ', "%20"));
    bench
        .fetch(BYTES, &["ftp://h/x", &server.url("/x"), "file:///nowhere", &good, "http://127.0.0.1:1/"])
        .unwrap();
    let reasons = bench.reasons();
    assert_eq!(reasons[0], "`ftp:` is not one of `https: http: file: deb-src:`");
    assert_eq!(reasons[1], "the server says 404 Not Found");
    assert_eq!(reasons[2], "No such file or directory");
    assert_eq!(reasons.len(), 3);
    let events = bench.events.lock().unwrap();
    assert!(
        matches!(&events[..], [Event::FetchStarted { .. }, .., Event::Fetched { bytes, .. }] if *bytes == BYTES.len() as u64)
    );
}

#[test]
fn a_wrong_hash_keeps_nothing_and_says_what_was_received() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply::ok(b"other bytes"));
    let error = bench.fetch(BYTES, &[&server.url("/x")]).unwrap_err();
    let expected = format!(
        "error: source `x-1.tar.gz` does not match its hash\n  declared in: packages/x/package.sh:3\n  \
         expected: {}\n  received: {}\n  {}: 11 bytes with another sha256, {}\n  \
         hint: if upstream replaced the file on purpose, put the new hash there; otherwise try another mirror",
        Sha256::of(BYTES),
        Sha256::of(b"other bytes"),
        server.url("/x"),
        Sha256::of(b"other bytes"),
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind().exit_code(), 1);
    assert!(bench.kept().is_empty());
    assert_eq!(fs::read_dir(bench.store.sources().join("partial")).unwrap().count(), 0);
}

#[test]
fn a_broken_connection_is_resumed_where_it_broke() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.range_start() {
        None => Reply { cut_at: Some(20), headers: vec![("ETag", "\"1\"".into())], ..Reply::ok(BYTES) },
        Some(start) => Reply::rest(BYTES, start),
    });
    bench.fetch(BYTES, &[&server.url("/x")]).unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[1].method.as_str(), requests[1].range_start()), ("GET", Some(20)));
    assert_eq!(requests[1].headers["if-range"], "\"1\"");
    assert_eq!(bench.reasons(), ["the connection ended too early; trying again"]);
}

#[test]
fn a_server_that_always_breaks_off_is_left() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply { cut_at: Some(0), ..Reply::ok(BYTES) });
    let error = bench.fetch(BYTES, &[&server.url("/x")]).unwrap_err().to_string();
    assert!(error.contains("/x: the connection ended too early"), "{error}");
    assert_eq!(server.requests().len(), 3);
    assert!(bench.kept().is_empty());
}

#[test]
fn a_server_without_ranges_starts_over() {
    let bench = Bench::new();
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply { cut_at: Some(9), ..Reply::ok(BYTES) },
        _ => Reply::ok(BYTES),
    });
    bench.fetch(BYTES, &[&server.url("/x")]).unwrap();
    assert_eq!(server.requests()[1].range_start(), Some(9));
}

#[test]
fn a_killed_fetch_is_resumed_by_the_next_one_also_from_another_server() {
    let bench = Bench::new();
    let server = Server::start(|request| Reply::rest(BYTES, request.range_start().unwrap()));
    let partial = bench.store.partial_source(&Sha256::of(BYTES).to_string());
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    fs::write(&partial, &BYTES[..7]).unwrap();
    bench.fetch(BYTES, &[&server.url("/x")]).unwrap();
    assert_eq!(server.requests()[0].range_start(), Some(7));
    assert!(!partial.exists());
}

#[test]
fn wrong_first_bytes_do_not_spoil_a_resumed_file() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.range_start() {
        Some(start) => Reply::rest(BYTES, start),
        None => Reply::ok(BYTES),
    });
    let partial = bench.store.partial_source(&Sha256::of(BYTES).to_string());
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    for left in [&b"rubbish"[..], &[0; 1000]] {
        fs::write(&partial, left).unwrap();
        let kept = bench.fetch(BYTES, &[&server.url("/x")]).unwrap();
        assert_eq!(fs::read(&kept).unwrap(), BYTES);
        fs::remove_file(kept).unwrap();
    }
}

#[test]
fn redirects_are_followed_and_bounded_and_stay_on_http() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.path.as_str() {
        "/a/x" => Reply::redirect("../b/y?z"),
        "/a/../b/y?z" => Reply::ok(BYTES),
        "/file" => Reply::redirect("file:///etc/passwd"),
        _ => Reply::redirect(&request.path),
    });
    bench.fetch(BYTES, &[&server.url("/a/x")]).unwrap();
    let error = bench.fetch(b"-", &[&server.url("/file"), &server.url("/loop")]).unwrap_err().to_string();
    assert!(error.contains("/file: redirected to `file:///etc/passwd`, which is neither"), "{error}");
    assert!(error.contains("/loop: more than 10 redirects"), "{error}");
}

#[test]
fn a_slow_server_is_left_for_the_next_one() {
    let bench = Bench::new();
    let slow = Server::start(|_| Reply { drip: Some(Duration::from_millis(20)), ..Reply::ok(&[0; 1000]) });
    let dead = Server::start(|_| Reply { drip: Some(Duration::from_secs(60)), ..Reply::ok(BYTES) });
    let good = Server::start(|_| Reply::ok(BYTES));
    bench.fetch(BYTES, &[&slow.url("/"), &dead.url("/"), &good.url("/")]).unwrap();
    let reasons = bench.reasons();
    assert!(reasons[0].starts_with("too slow: "), "{reasons:?}");
    assert!(reasons.last().unwrap().starts_with("no byte arrived for "), "{reasons:?}");
}

#[test]
fn a_file_above_the_limit_is_refused() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply::ok(&vec![0; (1 << 20) + 1]));
    let error = bench.fetch(BYTES, &[&server.url("/x")]).unwrap_err().to_string();
    assert!(error.contains("1048577 bytes are more than the limit of 1048576"), "{error}");
}

#[test]
fn offline_asks_nobody() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply::ok(BYTES));
    let fetcher = bench.fetcher(Config { offline: true, ..quick() });
    let error = fetcher.fetch(&file(BYTES), &origins(&[&server.url("/x"), "deb-src:sid/x/y"])).unwrap_err();
    assert_eq!(error.to_string().matches("the network is forbidden (offline)").count(), 2);
    assert!(error.to_string().contains("hint: fetch once with the network allowed"));
    assert!(server.requests().is_empty());
}

#[test]
fn mirrors_are_asked_first() {
    let bench = Bench::new();
    let server =
        Server::start(|request| if request.path == "/m/x" { Reply::ok(BYTES) } else { Reply::status(404) });
    let mirrors = vec![
        Mirror::Prefix { from: "https://upstream.invalid/".to_string(), to: server.url("/m/") },
        Mirror::ByHash(server.url("/sha256/{sha256}")),
    ];
    let fetcher = bench.fetcher(Config { mirrors, ..quick() });
    fetcher.fetch(&file(BYTES), &origins(&["https://upstream.invalid/x"])).unwrap();
    let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, [format!("/sha256/{}", Sha256::of(BYTES)), "/m/x".to_string()]);
}

#[test]
fn two_fetchers_share_one_download() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply { drip: Some(Duration::from_millis(2)), ..Reply::ok(BYTES) });
    let url = server.url("/x");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| bench.fetch(BYTES, &[&url]).unwrap());
        }
    });
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_source_without_urls_says_so() {
    let error = Bench::new().fetch(BYTES, &[]).unwrap_err().to_string();
    assert!(error.contains("no URL is known for it"), "{error}");
}
