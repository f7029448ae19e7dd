//! Writing packages with the program's help: `new`, `bump` and `update`, against a server on loopback.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::world::{World, everybody};

/// Serves files by their paths until the tests end.
struct Site {
    address: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Site {
    fn start() -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let files: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();
        let served = Arc::clone(&files);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &served.lock().unwrap());
            }
        });
        Site { address, files }
    }

    fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) -> String {
        self.files.lock().unwrap().insert(path.to_string(), bytes.into());
        format!("{}{path}", self.address)
    }
}

fn answer(mut stream: TcpStream, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match files.get(path) {
        Some(body) => ("200 OK", body.as_slice()),
        None => ("404 Not Found", &b"<html>no such file</html>"[..]),
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(body)
}

/// An archive with these files below one directory.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("x-1/{path}"), text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// What the packages of this test extend.
const TEMPLATE: &str =
    "set -eu\n{% block build %}{% endblock %}\n: {{ fact(\"source\", default=\"none\") }}\n";

fn world() -> World {
    let world = World::new(everybody()[0]);
    world.write("templates/autoconf.sh", TEMPLATE);
    world
}

fn definition(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path(&format!("project/packages/{name}/package.sh"))).unwrap()
}

#[test]
fn new_fetches_hashes_and_writes_a_definition_that_renders() {
    let (world, site) = (world(), Site::start());
    let url = site.put("/d/tool-1.2.tar.gz", archive(&[("configure", "#!/bin/sh\n"), ("Makefile.in", "")]));
    let ran = world.genpkg(&["new", &url]).ok();
    assert_eq!(ran.stdout, "packages/tool/package.sh\n");
    let text = definition(&world, "tool");
    assert!(text.starts_with("{% extends \"autoconf\" %}\n{% set version = \"1.2\" %}\n"), "{text}");
    let sum = text.split("sha256=\"").nth(1).unwrap()[..64].to_string();
    assert_eq!(world.sha256(&format!("store/source/{sum}")), sum);
    world.genpkg(&["render"]).ok();

    let ran = world.genpkg(&["new", &url]).exits(2);
    assert!(ran.stderr.contains("package `tool` is there already"), "{}", ran.stderr);
    let ran = world.genpkg(&["new", "--name", "other", &url]).exits(1);
    assert!(ran.stderr.contains("the project has this file already, as `tool-1.2.tar.gz`"), "{}", ran.stderr);
    assert!(!world.path("project/packages/other").exists());
    let ran = world.genpkg(&["new", &format!("{}/latest.tar", site.address)]).exits(2);
    assert!(ran.stderr.contains("the address does not tell the package's version"), "{}", ran.stderr);
}

#[test]
fn a_failed_new_writes_nothing() {
    let (world, site) = (world(), Site::start());
    let ran = world.genpkg(&["new", &format!("{}/tool-1.tar.gz", site.address)]).exits(1);
    assert!(ran.stderr.contains("404 Not Found"), "{}", ran.stderr);
    let url = site.put("/tool-1.tar.gz", "no archive at all");
    world.genpkg(&["new", &url]).exits(1);
    assert!(!world.path("project/packages/tool").exists());
}

#[test]
fn bump_changes_version_addresses_and_sum() {
    let (world, site) = (world(), Site::start());
    let url = site.put("/tool-1.2.tar.gz", archive(&[("configure", ""), ("Makefile.in", "one")]));
    world.genpkg(&["new", &url]).ok();
    let before = definition(&world, "tool");
    site.put("/tool-1.10.tar.gz", archive(&[("configure", ""), ("Makefile.in", "two")]));
    let ran = world.genpkg(&["bump", "tool", "1.10"]).ok();
    assert_eq!(ran.stdout, "packages/tool/package.sh\n");
    let after = definition(&world, "tool");
    assert!(after.contains("set version = \"1.10\"") && after.contains("/tool-1.10.tar.gz\""), "{after}");
    let sum = |text: &str| text.split("sha256=\"").nth(1).unwrap()[..64].to_string();
    assert_ne!(sum(&before), sum(&after));
    world.genpkg(&["render"]).ok();

    let ran = world.genpkg(&["bump", "tool", "1.11"]).exits(1);
    assert!(ran.stderr.contains("cannot fetch `tool-1.11.tar.gz`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("declared in: packages/tool/package.sh:"), "{}", ran.stderr);
    site.put("/tool-1.11.tar.gz", archive(&[("configure", ""), ("Makefile.in", "two")]));
    let ran = world.genpkg(&["bump", "tool", "1.11"]).exits(1);
    assert!(ran.stderr.contains("`tool-1.11.tar.gz` has the bytes of `tool-1.10.tar.gz`"), "{}", ran.stderr);
    assert_eq!(definition(&world, "tool"), after);
}

#[test]
fn update_finds_what_is_newer_and_changes_to_it() {
    let (world, site) = (world(), Site::start());
    let url = site.put("/d/tool-1.2.tar.gz", archive(&[("configure", ""), ("Makefile.in", "")]));
    world.genpkg(&["new", &url]).ok();
    site.put(
        "/d/",
        "<a href=tool-1.9.tar.gz> <a href=tool-1.10.tar.gz> <a href=tool-1.10.tar.gz.sig> tool-0.1.tar.gz",
    );
    site.put("/d/tool-1.10.tar.gz", archive(&[("configure", ""), ("Makefile.in", "new")]));

    let ran = world.genpkg(&["update", "--check", "tool"]).ok();
    assert_eq!(ran.stdout, "tool\t1.2\t1.10\n");
    assert!(definition(&world, "tool").contains("\"1.2\""));
    let ran = world.genpkg(&["update", "--check", "--json", "tool"]).ok();
    assert!(
        ran.stdout.contains("\"newest\": \"1.10\"") && ran.stdout.contains("\"is_newer\": true"),
        "{}",
        ran.stdout
    );

    let ran = world.genpkg(&["update", "tool"]).ok();
    assert_eq!(ran.stdout, "tool\t1.2\t1.10\n");
    assert!(definition(&world, "tool").contains("\"1.10\""));
    let ran = world.genpkg(&["update", "tool"]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "looked at 1 package, nothing is newer\n"));

    site.put("/d/", "moved");
    let ran = world.genpkg(&["update", "tool"]).exits(1);
    assert!(ran.stderr.contains("the page has no version"), "{}", ran.stderr);
    let ran = world.genpkg(&["update", "sentence"]).exits(2);
    assert!(ran.stderr.contains("`sentence` has no rule for updates"), "{}", ran.stderr);
}
