//! The system calls that no command in a sandbox gets, as a table and as a filter for the kernel.
//!
//! A list of what is denied: builds run any program there is, and a list of what is allowed would break some of them
//! with every new C library. Namespaces, empty capabilities and the mount table carry the boundary; the filter takes
//! away the parts of the kernel in which escapes were found.
//!
//! For each sandbox the kernel translates the filter anew and works out its answer to every call. So its length counts,
//! and it is a tree of comparisons, put together here: the crates for this make lists, several times as long.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use libc::sock_filter;
use nix::errno::Errno;

use crate::error::{Named as _, Result};
use crate::spec::Boundary;
use crate::sys;

/// The newest system call whose meaning was known when this table was written (file_setattr). Later ones do not exist in a
/// sandbox: a new way to mount would not be in the table. x32 calls have numbers far above and fall under the same rule.
const NEWEST_KNOWN: u32 = 469;

/// These have no constant in libc for all C libraries.
const SYS_QUOTACTL_FD: i64 = 443;
const SYS_FILE_SETATTR: i64 = 469;
const SYS_SETXATTRAT: i64 = 463;
const SYS_OPEN_TREE_ATTR: i64 = 467;
const CLONE_NEWTIME: i32 = 0x80;

/// What ioctl would put on a file besides its mode, and no listing shows: flags, a project, a seal (verity), a key.
///
/// An install has one form, and a flag survives the sealing. From linux/fs.h, linux/fsverity.h, linux/fscrypt.h.
const FILE_REQUESTS: [u32; 6] =
    [0x4008_6602, 0x4004_6602, 0x401c_5820, 0x4080_6685, 0x800c_6613, 0xc050_6617];

/// Denied whatever the arguments are.
const NEVER: &[i64] = &[
    // Mounts: without capabilities they fail anyway; the code behind them need not be reachable.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    SYS_OPEN_TREE_ATTR,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    // The kernel's large side doors.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_fanotify_init,
    // Keyrings have no namespace of their own.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Opens any file of a file system, past every directory.
    libc::SYS_open_by_handle_at,
    // The machine itself.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_acct,
    libc::SYS_quotactl,
    SYS_QUOTACTL_FD,
    SYS_FILE_SETATTR,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
];

/// Answered as by a kernel that lacks them, so that the C library takes the older call, whose arguments can be seen.
const ABSENT: &[i64] = &[libc::SYS_clone3, libc::SYS_openat2];

/// Answered as by a file system that lacks them: cp and install then go on without.
const UNSUPPORTED: &[i64] = &[libc::SYS_setxattr, libc::SYS_lsetxattr, libc::SYS_fsetxattr, SYS_SETXATTRAT];

/// Flags of clone and unshare. The low byte of clone's is a signal, where CLONE_NEWTIME would be: 0x80 is none.
const NAMESPACES: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | CLONE_NEWTIME;

/// Calls with a mode: its argument's place, and that of the open flags if the mode counts only with them.
const WITH_MODE: &[(i64, u8, Option<u8>)] = &[
    (libc::SYS_fchmod, 1, None),
    (libc::SYS_fchmodat, 2, None),
    (libc::SYS_fchmodat2, 2, None),
    (libc::SYS_mknodat, 2, None),
    (libc::SYS_openat, 3, Some(2)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chmod, 1, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mknod, 1, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_creat, 1, None),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, 2, Some(1)),
];

/// As in the kernel's list of architectures for audits. A call by another one's numbers (int 0x80) kills the process.
const OWN_ARCHITECTURE: u32 = if cfg!(target_arch = "x86_64") {
    0xc000_003e
} else if cfg!(target_arch = "aarch64") {
    0xc000_00b7
} else {
    panic!("the filter is written for x86_64 and aarch64")
};

/// What becomes of a call. Answers are those of `SECCOMP_RET_*`; of an argument the lower 32 bits are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Always(u32),
    /// EPERM where each of these arguments has one of its bits or more.
    RefuseBits(Vec<(u8, u32)>),
    /// One answer where the argument is one of the values, and another where it is not.
    ByValue {
        argument: u8,
        values: Vec<u32>,
        one_of_them: u32,
        none_of_them: u32,
    },
    /// EAFNOSUPPORT for sockets but those of these families, and of netlink but NETLINK_ROUTE.
    Sockets(Vec<u32>),
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;

const fn refuse(errno: Errno) -> u32 {
    libc::SECCOMP_RET_ERRNO | errno as u32
}

/// The filter, made once per process: before the first clone, so that every sandbox finds it ready.
pub(crate) fn program(boundary: Boundary) -> &'static [sock_filter] {
    static PROGRAMS: [OnceLock<Vec<sock_filter>>; 2] = [OnceLock::new(), OnceLock::new()];
    PROGRAMS[boundary as usize].get_or_init(|| compile(&rules(boundary)))
}

/// Puts this process and all that come of it under the filter. After no_new_privs, and last of all.
pub(crate) fn apply(boundary: Boundary) -> Result<()> {
    sys::filter_calls(program(boundary))
        .named(|| "seccomp(SECCOMP_SET_MODE_FILTER)".to_string())
        .map_err(|error| error.hint("the kernel needs CONFIG_SECCOMP_FILTER"))
}

/// All rules, by the numbers of their calls; what has none is allowed.
fn rules(boundary: Boundary) -> BTreeMap<u32, Rule> {
    let mut rules = Vec::new();
    for (calls, errno) in [(NEVER, Errno::EPERM), (ABSENT, Errno::ENOSYS), (UNSUPPORTED, Errno::ENOTSUP)] {
        rules.extend(calls.iter().map(|&call| (call, Rule::Always(refuse(errno)))));
    }
    let namespaces = Rule::RefuseBits(vec![(0, NAMESPACES as u32)]);
    rules.extend([(libc::SYS_unshare, namespaces.clone()), (libc::SYS_clone, namespaces)]);
    for &(call, mode, flags) in WITH_MODE {
        // Without these flags the mode is whatever lies in the register. libc's O_TMPFILE includes O_DIRECTORY.
        let creates = (libc::O_CREAT | libc::O_TMPFILE & !libc::O_DIRECTORY) as u32;
        let flags = flags.map(|flags| (flags, creates));
        let set_id = (mode, libc::S_ISUID | libc::S_ISGID);
        rules.push((call, Rule::RefuseBits(flags.into_iter().chain([set_id]).collect())));
    }
    // Typing into a terminal; the console's cut and paste, which does the same; and line disciplines, behind which are
    // drivers for modems with a long row of holes. The kernel looks at 32 bits.
    let terminals = [libc::TIOCSTI as u32, libc::TIOCLINUX as u32, libc::TIOCSETD as u32];
    let requests = Rule::ByValue {
        argument: 1,
        values: terminals.into_iter().chain(FILE_REQUESTS).collect(),
        one_of_them: refuse(Errno::EPERM),
        none_of_them: ALLOW,
    };
    rules.push((libc::SYS_ioctl, requests));
    // AF_VSOCK and others know no network namespace. Of netlink there is the one protocol that getifaddrs asks: it answers
    // for the sandbox's own network, and what it would change wants CAP_NET_ADMIN there, which nobody has. The others
    // (netfilter, xfrm, audit, uevents, generic) are large, and no build needs them.
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6].map(|family| family as u32).to_vec();
    let local = Rule::ByValue {
        argument: 0,
        values: families.clone(),
        one_of_them: ALLOW,
        none_of_them: refuse(Errno::EAFNOSUPPORT),
    };
    let sockets = match boundary {
        Boundary::Namespaces => Rule::Sockets(families),
        // Without a network namespace every socket is one of the host's: then none is made but pairs.
        Boundary::Landlock => Rule::Always(refuse(Errno::EAFNOSUPPORT)),
    };
    rules.extend([(libc::SYS_socket, sockets), (libc::SYS_socketpair, local)]);
    let count = rules.len();
    let rules: BTreeMap<u32, Rule> = rules.into_iter().map(|(call, rule)| (call as u32, rule)).collect();
    assert_eq!(rules.len(), count, "a call has one rule");
    rules
}

/// The filter for `rules`: a look at the architecture, then at the call's number, by halving.
fn compile(rules: &BTreeMap<u32, Rule>) -> Vec<sock_filter> {
    let (allowed, unknown) = (Rule::Always(ALLOW), Rule::Always(refuse(Errno::ENOSYS)));
    // Where the rule changes: from this number on it is this one, until the next.
    let mut changes = vec![(0, &allowed)];
    for (&call, rule) in rules {
        changes.extend([(call, rule), (call + 1, &allowed)]);
    }
    changes.push((NEWEST_KNOWN + 1, &unknown));
    // Between two numbers in a row nothing is allowed, and what has one rule is one change.
    let next: Vec<u32> = changes.iter().skip(1).map(|(call, _)| *call).chain([u32::MAX]).collect();
    let mut next = next.into_iter();
    changes.retain(|(call, _)| Some(*call) != next.next());
    changes.dedup_by(|later, earlier| later.1 == earlier.1);
    // In `struct seccomp_data` the number stands at 0, the architecture at 4.
    let mut program = vec![
        load(4),
        jump(libc::BPF_JEQ, OWN_ARCHITECTURE, 1, 0),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        load(0),
    ];
    program.extend(tree(&changes));
    program
}

/// The tree below one part of the changes: the lower half stands first, the upper one is jumped to.
fn tree(changes: &[(u32, &Rule)]) -> Vec<sock_filter> {
    if let [(_, rule)] = changes {
        return leaf(rule);
    }
    let (lower, upper) = changes.split_at(changes.len() / 2);
    let lower = tree(lower);
    // A conditional jump reaches 255.
    let over = u8::try_from(lower.len()).expect("half of the table fits one jump");
    let mut program = vec![jump(libc::BPF_JGE, upper[0].0, over, 0)];
    program.extend(lower);
    program.extend(tree(upper));
    program
}

/// The answer of one rule.
fn leaf(rule: &Rule) -> Vec<sock_filter> {
    let mut program = Vec::new();
    match rule {
        Rule::Always(this) => program.push(answer(*this)),
        Rule::RefuseBits(arguments) => {
            for (index, &(argument, bits)) in arguments.iter().enumerate() {
                // To the last instruction, over two for each argument that is left, and the refusal.
                let to_allow = 2 * (arguments.len() - index - 1) as u8 + 1;
                program.extend([load_argument(argument), jump(libc::BPF_JSET, bits, 0, to_allow)]);
            }
            program.extend([answer(refuse(Errno::EPERM)), answer(ALLOW)]);
        }
        Rule::ByValue { argument, values, one_of_them, none_of_them } => {
            program.push(load_argument(*argument));
            for (index, &value) in values.iter().enumerate() {
                program.push(jump(libc::BPF_JEQ, value, (values.len() - index) as u8, 0));
            }
            program.extend([answer(*none_of_them), answer(*one_of_them)]);
        }
        Rule::Sockets(families) => {
            program.push(load_argument(0));
            for (index, &family) in families.iter().enumerate() {
                // Over the other families, and the five between here and the last instruction.
                program.push(jump(libc::BPF_JEQ, family, (families.len() - index) as u8 + 4, 0));
            }
            let refused = answer(refuse(Errno::EAFNOSUPPORT));
            program.extend([
                jump(libc::BPF_JEQ, libc::AF_NETLINK as u32, 1, 0),
                refused,
                load_argument(2),
                jump(libc::BPF_JEQ, libc::NETLINK_ROUTE as u32, 1, 0),
                refused,
                answer(ALLOW),
            ]);
        }
    }
    program
}

fn load(offset: u32) -> sock_filter {
    sock_filter { code: (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16, jt: 0, jf: 0, k: offset }
}

/// The lower half of an argument; they begin at 16 in `struct seccomp_data`, 8 bytes each.
fn load_argument(argument: u8) -> sock_filter {
    load(16 + 8 * u32::from(argument))
}

/// Leaves out `jt` instructions where the comparison with `k` holds, and `jf` where it does not.
fn jump(comparison: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: (libc::BPF_JMP | comparison | libc::BPF_K) as u16, jt, jf, k }
}

fn answer(answer: u32) -> sock_filter {
    sock_filter { code: libc::BPF_RET as u16, jt: 0, jf: 0, k: answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would answer: the few instructions that a filter is made of.
    fn answered(program: &[sock_filter], arch: u32, call: u32, arguments: [u32; 6]) -> u32 {
        let (mut accumulator, mut at) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            let code = u32::from(code);
            at += 1;
            let compared = match code & 0xf0 {
                libc::BPF_JEQ => accumulator == k,
                libc::BPF_JGE => accumulator >= k,
                _ => accumulator & k != 0,
            };
            match code & 0x07 {
                libc::BPF_LD => {
                    accumulator = match k {
                        0 => call,
                        4 => arch,
                        _ => arguments[(k as usize - 16) / 8],
                    }
                }
                libc::BPF_RET => return k,
                _ => at += usize::from(if compared { jt } else { jf }),
            }
        }
    }

    /// The same as the table says it.
    fn expected(rules: &BTreeMap<u32, Rule>, call: u32, arguments: [u32; 6]) -> u32 {
        let argument = |number: u8| arguments[usize::from(number)];
        match rules.get(&call) {
            None if call > NEWEST_KNOWN => refuse(Errno::ENOSYS),
            None => ALLOW,
            Some(Rule::Always(answer)) => *answer,
            Some(Rule::RefuseBits(pairs)) => {
                match pairs.iter().all(|(number, bits)| argument(*number) & bits != 0) {
                    true => refuse(Errno::EPERM),
                    false => ALLOW,
                }
            }
            Some(Rule::ByValue { argument: number, values, one_of_them, none_of_them }) => {
                if values.contains(&argument(*number)) { *one_of_them } else { *none_of_them }
            }
            Some(Rule::Sockets(families)) => {
                let is_route = argument(0) == libc::AF_NETLINK as u32 && argument(2) == 0;
                match families.contains(&argument(0)) || is_route {
                    true => ALLOW,
                    false => refuse(Errno::EAFNOSUPPORT),
                }
            }
        }
    }

    #[test]
    fn the_filter_answers_what_the_table_says() {
        let values =
            [0, 1, 2, 3, 10, 16, 0x80, 0o100, 0o755, 0o2755, 0o4755, 0o20_200_000, 0o20_000_000, 0x1000_0000]
                .into_iter()
                .chain([libc::TIOCSTI, libc::TIOCLINUX, libc::TIOCGWINSZ].map(|request| request as u32));
        let values: Vec<u32> = values.collect();
        for boundary in [Boundary::Namespaces, Boundary::Landlock] {
            let (rules, program) = (rules(boundary), program(boundary));
            for call in (0..1000).chain([0x4000_0000, 0x4000_003b, u32::MAX]) {
                for &first in &values {
                    for &second in &values {
                        let arguments = [first, second, first, second, first, second];
                        let answer = answered(program, OWN_ARCHITECTURE, call, arguments);
                        assert_eq!(answer, expected(&rules, call, arguments), "{call} {arguments:?}");
                    }
                }
                for arch in [0, 0x4000_0003] {
                    assert_eq!(answered(program, arch, call, [0; 6]), libc::SECCOMP_RET_KILL_PROCESS);
                }
            }
        }
    }

    /// So that the two above are not wrong together.
    #[test]
    fn some_answers_are_these() {
        let answer = |boundary, call: i64, arguments: [u32; 3]| {
            let [a, b, c] = arguments;
            answered(program(boundary), OWN_ARCHITECTURE, call as u32, [a, b, c, 0, 0, 0])
        };
        let whole = |call, arguments| answer(Boundary::Namespaces, call, arguments);
        let (eperm, family) = (refuse(Errno::EPERM), refuse(Errno::EAFNOSUPPORT));
        assert_eq!(whole(libc::SYS_read, [0; 3]), ALLOW);
        assert_eq!(whole(libc::SYS_mount, [0; 3]), eperm);
        assert_eq!(whole(libc::SYS_clone3, [0; 3]), refuse(Errno::ENOSYS));
        assert_eq!(whole(libc::SYS_fsetxattr, [0; 3]), refuse(Errno::ENOTSUP));
        assert_eq!(whole(libc::SYS_clone, [libc::SIGCHLD as u32, 0, 0]), ALLOW);
        assert_eq!(whole(libc::SYS_clone, [libc::CLONE_NEWUSER as u32, 0, 0]), eperm);
        assert_eq!(whole(libc::SYS_fchmod, [3, 0o755, 0]), ALLOW);
        assert_eq!(whole(libc::SYS_fchmod, [3, 0o4755, 0]), eperm);
        assert_eq!(whole(libc::SYS_ioctl, [0, libc::TIOCSTI as u32, 0]), eperm);
        assert_eq!(whole(libc::SYS_socket, [libc::AF_INET as u32, 0, 0]), ALLOW);
        assert_eq!(whole(libc::SYS_socket, [libc::AF_VSOCK as u32, 0, 0]), family);
        let netlink = |protocol: i32| [libc::AF_NETLINK as u32, libc::SOCK_RAW as u32, protocol as u32];
        assert_eq!(whole(libc::SYS_socket, netlink(libc::NETLINK_ROUTE)), ALLOW);
        for protocol in [libc::NETLINK_NETFILTER, libc::NETLINK_XFRM, libc::NETLINK_AUDIT, -1] {
            assert_eq!(whole(libc::SYS_socket, netlink(protocol)), family);
        }
        assert_eq!(whole(libc::SYS_socketpair, netlink(libc::NETLINK_ROUTE)), family);
        assert_eq!(answer(Boundary::Landlock, libc::SYS_socket, netlink(libc::NETLINK_ROUTE)), family);
        assert_eq!(answer(Boundary::Landlock, libc::SYS_socket, [libc::AF_UNIX as u32, 0, 0]), family);
        assert_eq!(answer(Boundary::Landlock, libc::SYS_socketpair, [libc::AF_UNIX as u32, 0, 0]), ALLOW);
        #[cfg(target_arch = "x86_64")]
        for (flags, expected) in [(libc::O_RDONLY, ALLOW), (libc::O_CREAT, eperm), (libc::O_TMPFILE, eperm)] {
            assert_eq!(whole(libc::SYS_open, [0, flags as u32, 0o4755]), expected);
        }
    }
}
