//! An HTTP server on loopback that misbehaves as it is told. One request a connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What was asked; header names in lower case.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The first byte of a `Range: bytes=N-`.
    pub(super) fn range_start(&self) -> Option<usize> {
        self.headers.get("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// Send no more than this many bytes of the body, then hang up.
    pub(super) cut_at: Option<usize>,
    /// Send no more than this many bytes of the body, then do nothing.
    pub(super) hangs_at: Option<usize>,
    /// Wait this long after every single byte.
    pub(super) drip: Option<Duration>,
}

impl Reply {
    pub(super) fn ok(body: &[u8]) -> Reply {
        Reply {
            status: 200,
            headers: Vec::new(),
            body: body.to_vec(),
            cut_at: None,
            hangs_at: None,
            drip: None,
        }
    }

    pub(super) fn status(status: u16) -> Reply {
        Reply { status, ..Reply::ok(b"<html>no</html>") }
    }

    pub(super) fn redirect(to: &str) -> Reply {
        Reply { headers: vec![("Location", to.to_string())], ..Reply::status(302) }
    }

    /// The rest of a file, from an offset on.
    pub(super) fn rest(body: &[u8], start: usize) -> Reply {
        if start >= body.len() {
            return Reply::status(416);
        }
        let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
        Reply { status: 206, headers: vec![("Content-Range", range)], ..Reply::ok(&body[start..]) }
    }
}

/// Serves until it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<Mutex<bool>>,
}

impl Server {
    pub(super) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            stop: Arc::default(),
        };
        let (requests, stop, answer) =
            (Arc::clone(&server.requests), Arc::clone(&server.stop), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if *stop.lock().unwrap() {
                    return;
                }
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &requests, &*answer));
            }
        });
        server
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.stop.lock().unwrap() = true;
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    stream: TcpStream,
    requests: &Mutex<Vec<Request>>,
    answer: &(dyn Fn(&Request) -> Reply + Send + Sync),
) {
    let Some(request) = read_request(&stream) else { return };
    requests.lock().unwrap().push(request.clone());
    // A client that hangs up early is part of the tests.
    let _ = send(stream, &answer(&request));
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let mut request =
        Request { method: words.next()?.into(), path: words.next()?.into(), ..Request::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.insert(name.to_ascii_lowercase(), value.to_string());
    }
    let length = request.headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

fn send(mut stream: TcpStream, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    let body = &reply.body[..reply.cut_at.unwrap_or(reply.body.len()).min(reply.body.len())];
    if let Some(length) = reply.hangs_at {
        stream.write_all(&body[..length])?;
        // Until the client is gone.
        return stream.read(&mut [0]).map(|_| ());
    }
    let Some(pause) = reply.drip else { return stream.write_all(body) };
    for byte in body {
        stream.write_all(&[*byte])?;
        thread::sleep(pause);
    }
    Ok(())
}
