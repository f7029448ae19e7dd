//! Git's smart HTTP protocol, the part that a fetch by commit needs: what there is, and a pack of what is wanted.
//!
//! Spoken here over our own HTTP client, and not by libgit2, so that there is one set of proxies, mirrors and
//! certificates, and because libgit2's transports are registered by an unsafe call. Version 2 is asked for; a server
//! that answers with the older one is served as well. We never say what we have: each pack is complete in itself.

use super::super::http::{Client, Refusal, refused};
use super::Take;
use super::packet::{DELIMITER, FLUSH, Packet, Packets, line};

const ADVERTISEMENT: &str = "/info/refs?service=git-upload-pack";
const AGENT: &str = concat!("agent=pthbs/", env!("CARGO_PKG_VERSION"));
/// The answer to "what is there" is kept in memory.
const MAX_ADVERTISEMENT: usize = 64 << 20;

/// A repository on a server.
pub(super) struct Remote<'a> {
    client: &'a Client,
    base: String,
    is_version_2: bool,
    capabilities: Vec<String>,
    refs: Vec<Ref>,
}

/// A branch or a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ref {
    pub(super) id: String,
    pub(super) name: String,
}

impl<'a> Remote<'a> {
    /// Asks a server what it is.
    pub(super) fn open(client: &'a Client, url: &str) -> Result<Remote<'a>, Refusal> {
        let base = url.trim_end_matches('/');
        let asked = format!("{base}{ADVERTISEMENT}");
        let (mut response, answered) = client.ask(&asked, &[("Git-Protocol", "version=2")], None)?;
        if !response.status().is_success() {
            return Err(refused(response.status()));
        }
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        if kind.is_none_or(|kind| !kind.starts_with("application/x-git-upload-pack-advertisement")) {
            return Err(Refusal::lasting("it is no git repository that speaks the smart protocol"));
        }
        let lines = read_lines(client, &mut response)?;
        // A redirect holds for all that follows; git itself does the same.
        let base = answered.strip_suffix(ADVERTISEMENT).unwrap_or(base).to_string();
        let is_version_2 = lines.iter().any(|line| line == "version 2");
        let mut remote = Remote { client, base, is_version_2, capabilities: Vec::new(), refs: Vec::new() };
        for line in lines.iter().filter(|line| !line.starts_with("# ") && !line.starts_with("version ")) {
            match line.split_once('\0') {
                Some((first, capabilities)) => {
                    remote.capabilities.extend(capabilities.split(' ').map(str::to_string));
                    remote.refs.extend(parse_ref(first));
                }
                None if is_version_2 => remote.capabilities.push(line.clone()),
                None => remote.refs.extend(parse_ref(line)),
            }
        }
        Ok(remote)
    }

    /// All branches and tags.
    pub(super) fn refs(&self) -> Result<Vec<Ref>, Refusal> {
        let is_wanted =
            |found: &Ref| found.name.starts_with("refs/heads/") || found.name.starts_with("refs/tags/");
        if !self.is_version_2 {
            return Ok(self.refs.iter().filter(|found| is_wanted(found)).cloned().collect());
        }
        let prefixes =
            ["refs/heads/", "refs/tags/"].map(|prefix| line(&format!("ref-prefix {prefix}"))).concat();
        let request = [&line("command=ls-refs")[..], &line(AGENT), DELIMITER, &prefixes, FLUSH].concat();
        let mut response = self.post(&request)?;
        let lines = read_lines(self.client, &mut response)?;
        Ok(lines.iter().filter_map(|line| parse_ref(line)).filter(is_wanted).collect())
    }

    /// Whether a history can be cut off below a commit.
    pub(super) fn can_be_shallow(&self) -> bool {
        let has = |capability: &String| match self.is_version_2 {
            true => capability
                .strip_prefix("fetch=")
                .is_some_and(|words| words.split(' ').any(|word| word == "shallow")),
            false => capability == "shallow",
        };
        self.capabilities.iter().any(has)
    }

    /// Brings a pack with the wanted commits; `depth` commits of each history, or all of it.
    pub(super) fn pack(
        &self,
        wants: &[&str],
        depth: Option<u32>,
        take: &mut Take<'_>,
    ) -> Result<(), Refusal> {
        let request = if self.is_version_2 { request_2(wants, depth) } else { self.request_0(wants, depth)? };
        let mut response = self.post(&request)?;
        let mut reply = Reply { is_in_pack: false, is_version_2: self.is_version_2, bytes: 0 };
        let mut packets = Packets::default();
        self.client.read_body(response.body_mut(), |piece| {
            packets.push(piece, &mut |packet| reply.take(packet, &mut *take))
        })?;
        packets.finish()?;
        if reply.bytes == 0 { Err(Refusal::lasting("the git server sent nothing")) } else { Ok(()) }
    }

    fn request_0(&self, wants: &[&str], depth: Option<u32>) -> Result<Vec<u8>, Refusal> {
        if !self.capabilities.iter().any(|capability| capability == "side-band-64k") {
            return Err(Refusal::lasting("the git server is too old (it has no side-band-64k)"));
        }
        let mut request = Vec::new();
        for (index, want) in wants.iter().enumerate() {
            let capabilities = if index == 0 {
                format!(" side-band-64k ofs-delta no-progress {AGENT}")
            } else {
                String::new()
            };
            request.extend(line(&format!("want {want}{capabilities}")));
        }
        if let Some(depth) = depth {
            request.extend(line(&format!("deepen {depth}")));
        }
        request.extend([FLUSH, &line("done")].concat());
        Ok(request)
    }

    fn post(&self, request: &[u8]) -> Result<ureq::http::Response<ureq::Body>, Refusal> {
        let mut headers = vec![
            ("Content-Type", "application/x-git-upload-pack-request"),
            ("Accept", "application/x-git-upload-pack-result"),
        ];
        if self.is_version_2 {
            headers.push(("Git-Protocol", "version=2"));
        }
        let (response, _) =
            self.client.ask(&format!("{}/git-upload-pack", self.base), &headers, Some(request))?;
        if response.status().is_success() { Ok(response) } else { Err(refused(response.status())) }
    }
}

fn request_2(wants: &[&str], depth: Option<u32>) -> Vec<u8> {
    let mut request =
        [&line("command=fetch")[..], &line(AGENT), DELIMITER, &line("no-progress"), &line("ofs-delta")]
            .concat();
    for want in wants {
        request.extend(line(&format!("want {want}")));
    }
    if let Some(depth) = depth {
        request.extend(line(&format!("deepen {depth}")));
    }
    request.extend([&line("done")[..], FLUSH].concat());
    request
}

/// Where in the answer to a fetch we are.
struct Reply {
    is_in_pack: bool,
    is_version_2: bool,
    bytes: u64,
}

impl Reply {
    fn take(&mut self, packet: Packet<'_>, sink: &mut Take<'_>) -> Result<(), Refusal> {
        let Packet::Data(data) = packet else { return Ok(()) };
        if !self.is_in_pack {
            check_error(data)?;
            // Version 2 announces the pack; before it the answer to "done" is the last word outside of it.
            let start: &[u8] = if self.is_version_2 { b"packfile" } else { b"NAK" };
            self.is_in_pack = data.trim_ascii_end() == start;
            return Ok(());
        }
        match data.split_first() {
            Some((1, pack)) => {
                self.bytes += pack.len() as u64;
                sink(pack)
            }
            Some((3, message)) => Err(server_says(message)),
            // Progress, for a person at a terminal.
            _ => Ok(()),
        }
    }
}

/// Reads a list of lines; what separates its parts does not matter to us.
fn read_lines(
    client: &Client,
    response: &mut ureq::http::Response<ureq::Body>,
) -> Result<Vec<String>, Refusal> {
    let (mut packets, mut lines, mut total) = (Packets::default(), Vec::new(), 0);
    client.read_body(response.body_mut(), |piece| {
        total += piece.len();
        if total > MAX_ADVERTISEMENT {
            return Err(Refusal::lasting("the git server's list is too long"));
        }
        packets.push(piece, &mut |packet| {
            let Packet::Data(data) = packet else { return Ok(()) };
            check_error(data)?;
            lines.push(String::from_utf8_lossy(data.trim_ascii_end()).into_owned());
            Ok(())
        })
    })?;
    packets.finish().map(|()| lines)
}

fn check_error(data: &[u8]) -> Result<(), Refusal> {
    data.strip_prefix(b"ERR ").map_or(Ok(()), |message| Err(server_says(message)))
}

/// Shown to a person: no control characters, and not endless.
fn server_says(message: &[u8]) -> Refusal {
    let text: String = String::from_utf8_lossy(message).trim_end().chars().take(200).collect();
    Refusal::lasting(format!("the git server says: {}", text.escape_debug()))
}

/// Reads `ID NAME`, with or without attributes after it.
fn parse_ref(line: &str) -> Option<Ref> {
    let (id, rest) = line.split_once(' ')?;
    let is_id = id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = rest.split(' ').next()?;
    is_id.then(|| Ref { id: id.to_string(), name: name.to_string() })
}
