//! The network ends at the sandbox's own loopback.

use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;

use crate::runner::{Case, Checked};
use crate::world::World;

pub(crate) const CASES: &[Case] = &[
    ("the_hosts_sockets_are_out_of_reach", the_hosts_sockets_are_out_of_reach),
    ("other_families_do_not_exist", other_families_do_not_exist),
    ("interfaces_can_be_asked_for_and_not_changed", interfaces_can_be_asked_for_and_not_changed),
    ("loopback_works_inside", loopback_works_inside),
    ("memory_and_signals_of_the_host_are_out_of_reach", memory_and_signals_of_the_host_are_out_of_reach),
];

fn the_hosts_sockets_are_out_of_reach(world: &World) -> Checked {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let name = format!("pthbs-test-{}", tcp.local_addr().unwrap().port());
    let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let (tcp_port, udp_port) = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
    let script = format!("$A tcp 127.0.0.1 {tcp_port}; $A udp 127.0.0.1 {udp_port}; $A abstract {name}");
    assert_eq!(world.outside(Path::new("/"), &script)?, "tcp ok\nudp ok\nabstract ok\n");
    udp.recv(&mut [0]).unwrap();
    udp.recv(&mut [0]).unwrap();
    let spec = world
        .attack(&format!("{script}; $A tcp 192.0.2.1 80; $A udp 192.0.2.1 53; $A read /etc/resolv.conf"))?;
    assert_eq!(
        world.run_spec(&spec).output,
        "tcp ECONNREFUSED\nudp ECONNREFUSED\nabstract ECONNREFUSED\ntcp ENETUNREACH\nudp ENETUNREACH\nread ENOENT\n"
    );
    udp.set_nonblocking(true).unwrap();
    assert_eq!(udp.recv(&mut [0]).map_err(|error| error.kind()), Err(std::io::ErrorKind::WouldBlock));
    drop(listener);
    Ok(())
}

fn other_families_do_not_exist(world: &World) -> Checked {
    // VSOCK, ALG, PACKET, BLUETOOTH, XDP with the types they want.
    let families = [(40, 1), (38, 5), (17, 3), (31, 3), (44, 3)];
    let script: String = families.map(|(family, kind)| format!("$A socket {family} {kind};")).concat();
    let outside = world.outside(Path::new("/"), &script)?;
    assert!(outside.contains("socket ok"), "{outside}");
    let inside = world.run_spec(&world.attack(&script)?).output;
    assert_eq!(inside, "socket EAFNOSUPPORT\n".repeat(families.len()));
    Ok(())
}

fn interfaces_can_be_asked_for_and_not_changed(world: &World) -> Checked {
    let script = "$A interfaces; $A socket-of 16 3 0; $A socket-of 16 2 0; $A link-down";
    assert_eq!(
        world.run_spec(&world.attack(script)?).output,
        "interfaces ok\nsocket-of ok\nsocket-of ok\nlink-down EPERM\n"
    );
    // FIREWALL, SOCK_DIAG, XFRM, AUDIT, NETFILTER, KOBJECT_UEVENT, GENERIC, CRYPTO.
    let others = [3, 4, 6, 9, 12, 15, 16, 21];
    let script: String = others.map(|protocol| format!("$A socket-of 16 3 {protocol};")).concat();
    let outside = world.outside(Path::new("/"), &script)?;
    assert!(outside.matches("socket-of ok").count() >= 3, "{outside}");
    assert_eq!(
        world.run_spec(&world.attack(&script)?).output,
        "socket-of EAFNOSUPPORT\n".repeat(others.len())
    );
    Ok(())
}

fn loopback_works_inside(world: &World) -> Checked {
    assert_eq!(
        world.run_spec(&world.attack("$A loopback; $A socket 1 1; $A socket 10 2")?).good(),
        "loopback ok\nsocket ok\nsocket ok\n"
    );
    Ok(())
}

fn memory_and_signals_of_the_host_are_out_of_reach(world: &World) -> Checked {
    // This very process: signal 0 only asks.
    let key = 0x7074_0000 | std::process::id();
    let script = format!("$A kill {} 0; $A shm {key}", std::process::id());
    assert_eq!(world.outside(Path::new("/"), &format!("$A shm-make {key}"))?, "shm-make ok\n");
    let outside = world.outside(Path::new("/"), &script)?;
    let inside = world.run_spec(&world.attack(&script)?).output;
    world.outside(Path::new("/"), &format!("$A shm-remove {key}"))?;
    assert_eq!(outside, "kill ok\nshm ok\n");
    assert_eq!(inside, "kill ESRCH\nshm ENOENT\n");
    Ok(())
}
