//! Fetching from a real server with faults: nothing wrong is kept, every reason is told.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::server::{Reply, Server};
use super::{Bench, file, origins, quick};
use crate::base::Sha256;
use crate::base::event;
use crate::base::event::Event;
use crate::script::Source;
use crate::script::header::Unpack;
use crate::source::{Config, Fetcher, Mirror, Proxies, check, is_kept};
use crate::store::Store;

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
fn a_server_that_gives_a_byte_at_a_time_is_left_and_one_that_gives_much_is_not() {
    let bench = Bench::new();
    let server = Server::start(|request| {
        let rest = request.range_start().map_or(Reply::ok(BYTES), |start| Reply::rest(BYTES, start));
        Reply { cut_at: Some(1), ..rest }
    });
    bench.fetch(BYTES, &[&server.url("/x")]).unwrap_err();
    assert_eq!(server.requests().len(), 3);

    let bytes: Vec<u8> = (0..400_000u32).map(|number| number.to_le_bytes()[1]).collect();
    let served = bytes.clone();
    let server = Server::start(move |request| {
        let rest = request.range_start().map_or(Reply::ok(&served), |start| Reply::rest(&served, start));
        Reply { cut_at: Some(80_000), ..rest }
    });
    bench.fetch(&bytes, &[&server.url("/x")]).unwrap();
    assert_eq!(server.requests().len(), 5);
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
fn a_server_that_refuses_the_range_starts_over() {
    let bench = Bench::new();
    let count = AtomicUsize::new(0);
    let server =
        Server::start(move |request| match (count.fetch_add(1, Ordering::SeqCst), request.range_start()) {
            (0, _) => Reply { cut_at: Some(9), ..Reply::ok(BYTES) },
            (_, Some(_)) => Reply::status(416),
            (_, None) => Reply::ok(BYTES),
        });
    bench.fetch(BYTES, &[&server.url("/x")]).unwrap();
    let ranges: Vec<Option<usize>> =
        server.requests().iter().map(super::server::Request::range_start).collect();
    assert_eq!(ranges, [None, Some(9), None]);
    assert_eq!(bench.reasons()[1], "it cannot be resumed; trying again");
}

#[test]
fn a_range_that_is_another_one_is_not_believed() {
    let bench = Bench::new();
    let count = AtomicUsize::new(0);
    let server =
        Server::start(move |request| match (count.fetch_add(1, Ordering::SeqCst), request.range_start()) {
            (0, _) => Reply { cut_at: Some(9), ..Reply::ok(BYTES) },
            // The tail from elsewhere: appended, it would be a file of the right length.
            (_, Some(_)) => Reply::rest(BYTES, 20),
            (_, None) => Reply::ok(BYTES),
        });
    bench.fetch(BYTES, &[&server.url("/x")]).unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn what_one_server_lacks_another_one_has() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.path.as_str() {
        "/there" => Reply::ok(BYTES),
        _ => Reply::status(404),
    });
    bench.fetch(BYTES, &[&server.url("/gone"), &server.url("/there")]).unwrap();
    assert_eq!(bench.reasons(), ["the server says 404 Not Found"]);
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

#[test]
fn an_empty_hash_is_answered_with_the_real_one() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply::ok(BYTES));
    let unknown: Sha256 = format!("{}{}", "0".repeat(16), "1".repeat(48)).parse().unwrap();
    let source = Source::File { sha256: unknown, name: "x-1.tar.gz".to_string(), unpack: Unpack::No };
    let urls = origins(&["file:///nowhere", &server.url("/x"), &server.url("/never")]);
    let error = bench.fetcher(quick()).fetch(&source, &urls).unwrap_err();
    let sum = Sha256::of(BYTES);
    let expected = format!(
        "error: source `x-1.tar.gz` has no hash yet\n  declared in: packages/x/package.sh:3\n  received: {sum}\n  \
         from: {}\n  hint: when you trust what was fetched, write sha256=\"{sum}\" there",
        server.url("/x")
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(server.requests().len(), 1, "what is answered is not asked again");
    // With the answer in the definition nothing is fetched a second time.
    assert!(is_kept(&bench.store, &file(BYTES)) && !is_kept(&bench.store, &source));
    drop(server);
    bench.fetch(BYTES, &["http://127.0.0.1:1/"]).unwrap();
}

fn named(name: &str) -> Source {
    Source::File { sha256: Sha256::of(BYTES), name: name.to_string(), unpack: Unpack::No }
}

#[test]
fn a_bumped_version_with_the_old_hash_is_an_error() {
    let bench = Bench::new();
    let path = bench.write("dist/zsh-5.9.tar.xz", BYTES);
    let fetcher = bench.fetcher(quick());
    fetcher.fetch(&named("zsh-5.9.tar.xz"), &origins(&[&format!("file://{}", path.display())])).unwrap();
    fetcher.fetch(&named("zsh_5.9.orig.tar.xz"), &[]).unwrap();
    let error =
        fetcher.fetch(&named("zsh-5.10.tar.xz"), &origins(&["https://h/zsh-5.10.tar.xz"])).unwrap_err();
    assert_eq!(error.what(), "source `zsh-5.10.tar.xz` has the hash of another version");
    assert!(error.to_string().contains("declared in: packages/x/package.sh:3"), "{error}");
    assert!(error.to_string().contains("known as: `zsh-5.9.tar.xz`"), "{error}");

    // The same where the old version lies in a distfiles directory.
    let other = Bench::new();
    let fetcher = other.fetcher(Config { distfiles: vec![bench.path("dist")], ..quick() });
    assert!(fetcher.fetch(&named("zsh-5.10.tar.xz"), &[]).unwrap_err().what().contains("of another version"));
    assert!(other.kept().is_empty());
}

#[test]
fn an_exported_directory_serves_another_machine() {
    let (bench, other) = (Bench::new(), Bench::new());
    let (one, two) = (bench.write("one", BYTES), bench.write("two", b"two"));
    let (out, fetcher) = (bench.path("out"), bench.fetcher(quick()));
    let export = |bytes: &[u8], path: &Path| {
        fetcher.export(&file(bytes), &origins(&[&format!("file://{}", path.display())]), &out).unwrap()
    };
    assert_eq!(export(BYTES, &one), out.join("x-1.tar.gz"));
    assert_eq!(export(BYTES, &one), out.join("x-1.tar.gz"));
    assert_eq!(export(b"two", &two), out.join(Sha256::of(b"two").to_string()), "the name is taken");

    let offline = other.fetcher(Config { distfiles: vec![out.clone()], offline: true, ..quick() });
    offline.fetch(&file(BYTES), &[]).unwrap();
    offline.fetch(&file(b"two"), &[]).unwrap();
    assert!(other.reasons().is_empty());

    fs::write(bench.store.source(&Sha256::of(BYTES)), "rotten").unwrap();
    fs::remove_file(out.join("x-1.tar.gz")).unwrap();
    assert!(fetcher.export(&file(BYTES), &[], &out).unwrap_err().what().contains("is damaged"));
    assert!(!out.join("x-1.tar.gz").exists());
}

#[test]
fn two_files_of_one_name_are_both_exported() {
    let bench = Bench::new();
    let dir = bench.path("export");
    fs::create_dir(&dir).unwrap();
    // Whatever lies there already is left alone, even what cannot be read to its end.
    let made = Command::new("mkfifo").arg(dir.join("fifo")).status().unwrap();
    assert!(made.success());
    let bytes: Vec<Vec<u8>> = (0..8u8).map(|n| vec![n; 1000]).collect();
    let wanted: Vec<(Source, Vec<_>)> = bytes
        .iter()
        .map(|bytes| (file(bytes), bench.write(&Sha256::of(bytes).to_string(), bytes)))
        .map(|(source, path)| (source, origins(&[&format!("file://{}", path.display())])))
        .collect();
    let fetcher = bench.fetcher(quick());
    let export = |fetcher: &Fetcher, source: &Source, urls: &[_]| fetcher.export(source, urls, &dir).unwrap();
    let exported = fetcher.each(&wanted, 8, export);
    for (path, bytes) in exported.iter().zip(&bytes) {
        assert_eq!(&fs::read(path).unwrap(), bytes);
    }
    assert!(dir.join("x-1.tar.gz").is_file());
    let named = Source::File { sha256: Sha256::of(&bytes[0]), name: "fifo".to_string(), unpack: Unpack::No };
    let path = fetcher.export(&named, &[], &dir).unwrap();
    assert_eq!(path, dir.join(Sha256::of(&bytes[0]).to_string()));
    let names = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with('.')).count(), 0, "nothing unfinished is left");
}

#[test]
fn a_check_finds_and_removes_what_is_damaged() {
    let bench = Bench::new();
    for bytes in [&b"one"[..], b"two", b"three"] {
        fs::write(bench.store.source(&Sha256::of(bytes)), bytes).unwrap();
    }
    let rotten = bench.store.source(&Sha256::of(b"two"));
    fs::write(&rotten, "rotten").unwrap();
    let found = check(&bench.store).unwrap();
    assert_eq!((found.files, found.bytes, found.damaged.len()), (2, 8, 1));
    assert!(found.damaged[0].what().contains(&rotten.display().to_string()), "{}", found.damaged[0]);
    assert!(!rotten.exists());
    assert!(check(&bench.store).unwrap().damaged.is_empty());
}

/// Not a test of its own: what the tests below run in another process, to kill it.
#[test]
fn fetch_in_another_process() {
    let (Ok(root), Ok(url)) = (std::env::var("PTHBS_TEST_STORE"), std::env::var("PTHBS_TEST_URL")) else {
        return;
    };
    let store = Store::open(Path::new(&root)).unwrap();
    Fetcher::new(&store, quick(), event::ignore()).unwrap().fetch(&file(BYTES), &origins(&[&url])).unwrap();
}

fn in_another_process(bench: &Bench, url: &str, variables: &[(&str, PathBuf)]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "source::tests::fetch::fetch_in_another_process"])
        .env("PTHBS_TEST_STORE", bench.store.root())
        .env("PTHBS_TEST_URL", url)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_fetch_killed_in_the_middle_is_resumed() {
    let bench = Bench::new();
    let server = Server::start(|request| match request.range_start() {
        // It never ends by itself.
        None => Reply { hangs_at: Some(30), headers: vec![("ETag", "\"1\"".into())], ..Reply::ok(BYTES) },
        Some(start) => Reply::rest(BYTES, start),
    });
    let url = server.url("/x");
    let mut child = in_another_process(&bench, &url, &[]);
    let partial = bench.store.partial_source(&Sha256::of(BYTES).to_string());
    while fs::metadata(&partial).map_or(0, |metadata| metadata.len()) < 30 {
        std::thread::sleep(Duration::from_millis(5));
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(bench.kept().is_empty());
    bench.fetch(BYTES, &[&url]).unwrap();
    let last = server.requests().pop().unwrap();
    assert_eq!((last.range_start(), &*last.headers["if-range"]), (Some(30), "\"1\""));
}

#[test]
fn two_processes_share_one_download() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply { drip: Some(Duration::from_millis(5)), ..Reply::ok(BYTES) });
    let mut children: Vec<Child> =
        (0..3).map(|_| in_another_process(&bench, &server.url("/x"), &[])).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_proxy_is_asked_to_connect_unless_the_host_is_excepted() {
    let bench = Bench::new();
    let server = Server::start(|_| Reply::ok(BYTES));
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy_url = format!("http://{}", proxy.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
        String::from_utf8(head).unwrap()
    });
    let proxies = Proxies { http: Some(proxy_url), https: None, except: vec!["127.0.0.1".to_string()] };
    let fetcher = bench.fetcher(Config { proxies, ..quick() });
    fetcher.fetch(&file(BYTES), &origins(&["http://upstream.invalid/x", &server.url("/x")])).unwrap();
    assert!(asked.join().unwrap().starts_with("CONNECT upstream.invalid:80 "));
    assert_eq!(bench.reasons().len(), 1);
    let wrong = Proxies { https: Some("socks5://h".to_string()), ..Proxies::default() };
    let refused = Fetcher::new(&bench.store, Config { proxies: wrong, ..quick() }, event::ignore());
    assert!(refused.is_err_and(|error| error.what().contains("is not a proxy's URL")));
}

/// A server for `https:` whose certificate nobody has signed but itself; it serves the files of its directory.
fn tls_server(dir: &Path) -> Option<(Child, u16)> {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key",
            "-out",
            "certificate",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=a test of pthbs", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(dir)
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        super::skip("no openssl on this machine to make a certificate");
        return None;
    }
    let mut server = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", "-cert", "certificate", "-key", "key", "-WWW"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().ok());
    Some((server, port.unwrap()))
}

#[test]
fn a_certificate_must_be_trusted_by_the_system() {
    let bench = Bench::new();
    bench.write("www/x", BYTES);
    let Some((mut server, port)) = tls_server(&bench.path("www")) else { return };
    let url = format!("https://localhost:{port}/x");
    let refused = bench.fetch(BYTES, &[&url]);
    // The system's certificates, and this one: now it is.
    let trusted =
        in_another_process(&bench, &url, &[("SSL_CERT_FILE", bench.path("www/certificate"))]).wait();
    server.kill().unwrap();
    server.wait().unwrap();
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("invalid peer certificate: UnknownIssuer"), "{error}");
    assert!(trusted.unwrap().success());
    assert_eq!(bench.kept(), [Sha256::of(BYTES).to_string()]);
}
