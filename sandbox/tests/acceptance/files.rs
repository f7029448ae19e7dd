//! What is seen and what can be written.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sandbox::{Bind, Link};

use crate::runner::{Case, Checked};
use crate::world::{World, said};

pub(crate) const CASES: &[Case] = &[
    ("a_declared_dependency_cannot_be_changed", a_declared_dependency_cannot_be_changed),
    ("what_is_not_declared_is_not_there", what_is_not_declared_is_not_there),
    ("an_ssh_agents_socket_and_secrets_are_not_there", an_ssh_agents_socket_and_secrets_are_not_there),
    ("there_is_no_way_up_and_out", there_is_no_way_up_and_out),
    ("only_what_is_writable_can_be_written", only_what_is_writable_can_be_written),
    ("mounts_below_a_source_are_as_read_only_as_it", mounts_below_a_source_are_as_read_only_as_it),
    ("no_file_becomes_set_id", no_file_becomes_set_id),
    ("device_nodes_cannot_be_made_or_used", device_nodes_cannot_be_made_or_used),
    ("files_and_nested_binds_have_their_places", files_and_nested_binds_have_their_places),
    ("what_a_build_left_cannot_redirect_a_mount", what_a_build_left_cannot_redirect_a_mount),
    ("written_files_belong_to_one_owner", written_files_belong_to_one_owner),
    ("the_old_mount_api_gives_the_same", the_old_mount_api_gives_the_same),
    ("four_hundred_binds", four_hundred_binds),
];

/// A package with a file in it. Open to everybody: it must be the mount that protects it.
fn package(world: &World) -> PathBuf {
    let dir = world.dir();
    std::fs::create_dir(dir.join("bin")).unwrap();
    std::fs::write(dir.join("file"), "content").unwrap();
    for (path, mode) in [(dir.clone(), 0o777), (dir.join("bin"), 0o777), (dir.join("file"), 0o666)] {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    dir
}

/// Names, contents, modes and times of a package.
fn state(dir: &Path) -> Vec<(String, u32, i64, Vec<u8>)> {
    let mut all: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let (path, stat) = (entry.as_ref().unwrap().path(), entry.unwrap().metadata().unwrap());
            (path.display().to_string(), stat.mode(), stat.mtime(), std::fs::read(path).unwrap_or_default())
        })
        .collect();
    all.sort();
    all
}

fn a_declared_dependency_cannot_be_changed(world: &World) -> Checked {
    let harmless =
        "$A write $D/file; $A create $D/new; $A truncate $D/file; $A chmod $D/file 600; $A utimes $D/file
        $A link $D/file $B/link; $A rename $D/file $D/moved; $A unlink $D/new; $A create $D/bin/new";
    let victim = package(world);
    let script = format!("D={} B={}; {harmless}", victim.display(), world.dir().display());
    let outside = world.outside(&victim, &script)?;
    assert_eq!(outside.matches(" ok").count(), 9, "{outside}");

    let (package, build) = (package(world), world.dir());
    let before = state(&package);
    let mount_attacks = "$A remount $D; $A mount-setattr $D; $A umount $D; $A bind /build $D; $A tmpfs $D; $A open-tree $D
        $A move $D /build/place; $A fsopen; $A pivot-root $D; $A rename $D /versions/other; $A rename $D $B/other";
    let mut spec = world
        .attack(&format!("D=/versions/dep; B=/build; mkdir /build/place; {harmless}; {mount_attacks}"))?;
    spec.binds.extend([Bind::read_only(&package, "/versions/dep"), Bind::writable(&build, "/build")]);
    let inside = world.run_spec(&spec).output;
    let expected = "write EROFS\ncreate EROFS\ntruncate EROFS\nchmod EROFS\nutimes EROFS\nlink EXDEV\nrename EROFS\n\
        unlink EROFS\ncreate EROFS\nremount EPERM\nmount-setattr EPERM\numount EPERM\nbind EPERM\ntmpfs EPERM\n\
        open-tree EPERM\nmove EPERM\nfsopen EPERM\npivot-root EPERM\nrename EROFS\nrename EXDEV\n";
    assert_eq!(inside, expected);
    assert_eq!(state(&package), before);
    Ok(())
}

fn what_is_not_declared_is_not_there(world: &World) -> Checked {
    let declared = package(world);
    let script = "ls -A /; ls -A /etc; ls -A /versions; env | sort
        for path in /home /root /etc/shadow /sys /run /var /mnt /etc/resolv.conf /versions/other /dev/sda /dev/tty; do
            test -e $path && echo present: $path; done; ls /dev /proc/1 2>&1";
    let mut spec = world.shell(script);
    spec.binds.retain(|bind| !bind.target.starts_with("/etc"));
    spec.binds.push(Bind::read_only(&declared, "/versions/dep"));
    spec.env.push(("SECRET".into(), "given".into()));
    // The shell itself sets PWD.
    let tops: Vec<String> = ["bin", "sbin", "lib", "lib64", "usr"]
        .into_iter()
        .filter(|name| Path::new("/").join(name).exists())
        .chain(["dev", "etc", "proc", "tmp", "versions"])
        .map(String::from)
        .collect();
    let output = world.run_spec(&spec).output;
    let mut lines: Vec<&str> = output.lines().collect();
    let rest = lines.split_off(tops.len());
    let mut tops = tops;
    tops.sort();
    assert_eq!(lines, tops);
    assert_eq!(
        rest,
        [
            "group",
            "hosts",
            "passwd",
            "dep",
            "PATH=/usr/bin:/bin",
            "PWD=/",
            "SECRET=given",
            "ls: cannot access '/proc/1': No such file or directory",
            "/dev:",
            "fd",
            "full",
            "null",
            "ptmx",
            "pts",
            "random",
            "shm",
            "stderr",
            "stdin",
            "stdout",
            "urandom",
            "zero",
        ]
    );
    Ok(())
}

fn an_ssh_agents_socket_and_secrets_are_not_there(world: &World) -> Checked {
    let socket = world.dir().join("agent");
    let _agent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let look = "test -S \"$SOCKET\" && echo a socket; echo \"[$SSH_AUTH_SOCK$TOKEN]\"";
    let secrets = [("SSH_AUTH_SOCK", socket.to_str().unwrap()), ("TOKEN", "secret")];
    let mut outside = std::process::Command::new("sh");
    outside.args(["-c", look]).env("SOCKET", &socket).envs(secrets);
    assert_eq!(said(&mut outside).0, format!("a socket\n[{}secret]\n", socket.display()));

    let mut spec = world.shell(look);
    spec.env.push(("SOCKET".into(), socket.display().to_string()));
    let file = world.dir().join("spec.json");
    std::fs::write(&file, serde_json::to_string(&spec).unwrap()).unwrap();
    let mut program = world.program(&["--spec", file.to_str().unwrap()]);
    let (out, err, status) = said(program.envs(secrets));
    assert_eq!((out.as_str(), status), ("[]\n", Some(0)), "{err}");
    Ok(())
}

fn there_is_no_way_up_and_out(world: &World) -> Checked {
    let dir = world.dir();
    std::fs::write(dir.join("secret"), "x").unwrap();
    let path = dir.join("secret").display().to_string();
    let ways = |path: &str| {
        format!(
            "$A read {path}; $A read ./{path}; $A dotdot /tmp {path}; $A read /proc/self/root/{path}
             $A read /proc/1/root/{path}; $A read /proc/self/cwd/../../../..{path}; $A chroot /tmp"
        )
    };
    let outside = world.outside(Path::new("/"), &ways(&path))?;
    assert!(outside.starts_with("read ok\nread ok\ndotdot ok\nread ok\n"), "{outside}");
    let mut spec = world.attack(&format!(
        "{}; for fd in /proc/*/fd/*; do readlink $fd; done | grep -v -e '^pipe:' -e '^/dev/null$' -e '^/proc' | sort -u",
        ways(&path)
    ))?;
    spec.binds.push(Bind::writable(world.dir(), "/build"));
    let inside = world.run_spec(&spec).output;
    assert_eq!(
        inside,
        "read ENOENT\nread ENOENT\ndotdot ENOENT\nread ENOENT\nread ENOENT\nread ENOENT\nchroot EPERM\n"
    );
    Ok(())
}

fn only_what_is_writable_can_be_written(world: &World) -> Checked {
    let build = world.dir();
    let mut spec = world.attack(
        "for dir in / /etc /dev /versions /build /build/sub /tmp /dev/shm; do echo -n \"$dir: \"; $A create $dir/new; done
         $A write /etc/passwd; $A write /proc/sys/kernel/core_pattern; $A write /proc/sysrq-trigger; $A chmod /etc 777",
    )?;
    std::fs::create_dir(build.join("sub")).unwrap();
    spec.binds.push(Bind::writable(&build, "/build"));
    spec.binds.push(Bind::read_only(package(world), "/versions/dep"));
    let expected = "/: create EROFS\n/etc: create EROFS\n/dev: create EROFS\n/versions: create EROFS\n/build: create ok\n\
        /build/sub: create ok\n/tmp: create ok\n/dev/shm: create ok\n";
    let output = world.run_spec(&spec).output;
    let rest = output.strip_prefix(expected).unwrap_or_else(|| panic!("{output}"));
    let rest: Vec<&str> = rest.lines().collect();
    assert_eq!(rest[3], "chmod EROFS");
    // EROFS or, before that, EACCES: they are closed files too. Root's own sandbox is tried in `rights`.
    assert!(
        rest[..3].iter().all(|line| ["write EROFS", "write EACCES", "write ENOENT"].contains(line)),
        "{rest:?}"
    );
    assert!(build.join("new").exists() && build.join("sub/new").exists());
    Ok(())
}

fn mounts_below_a_source_are_as_read_only_as_it(world: &World) -> Checked {
    if !Path::new("/dev/shm").exists() {
        return Err("the host has no mount below /dev".into());
    }
    let name = format!("/dev/shm/pthbs-test-{}", std::process::id());
    assert!(world.outside(Path::new("/"), &format!("$A create {name}; rm {name}"))?.contains("create ok"));
    for old in [false, true] {
        let mut spec = world.attack("$A create /host/shm/new; $A read /host/zero; $A read /dev/zero")?;
        spec.old_mount_api = old;
        spec.binds.push(Bind::read_only("/dev", "/host"));
        assert_eq!(world.run_spec(&spec).output, "create EROFS\nread EACCES\nread ok\n");
    }
    Ok(())
}

fn no_file_becomes_set_id(world: &World) -> Checked {
    let ways = "cd $B; touch f d; for mode in 4755 2755; do $A chmod f $mode; $A chmod-old f $mode; $A fchmod f $mode
        $A fchmodat2 f $mode; $A creat-mode c$mode $mode; $A open-mode o$mode $mode; $A mknod-mode m$mode $mode
        $A openat2-mode p$mode $mode; $A chmod-int80 f $mode; $A chmod-x32 f $mode; done
        chmod 1777 d; chmod 755 f && echo plain modes work; for file in *; do $A is-setid $file; done";
    let dir = world.dir();
    let outside = world.outside(&dir, &format!("B=.; {ways}"))?;
    assert!(outside.contains("is-setid ok") && outside.contains("open-mode ok"), "{outside}");
    let build = world.dir();
    let mut spec = world.attack(&format!("B=/build; {ways}"))?;
    spec.binds.push(Bind::writable(&build, "/build"));
    let inside = world.run_spec(&spec).output;
    assert!(inside.contains("plain modes work"), "{inside}");
    assert!(!inside.contains("is-setid ok") && inside.contains("is-setid ENOENT"), "{inside}");
    for line in inside.lines().filter(|line| line.contains("mod") && line.contains(' ')) {
        let refused = ["EPERM", "ENOSYS", "work"].iter().any(|word| line.ends_with(word))
            || line.contains("Bad system call");
        // A kernel before 6.6 has no fchmodat2; other machines have neither entry.
        assert!(refused || line.ends_with("no such attack"), "{inside}");
    }
    for entry in std::fs::read_dir(&build).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o6000, 0, "{:?}", entry.path());
    }
    Ok(())
}

fn device_nodes_cannot_be_made_or_used(world: &World) -> Checked {
    let build = world.dir();
    if nix::unistd::geteuid().is_root() {
        assert_eq!(world.outside(&build, "$A device node; $A read node")?, "device ok\nread ok\n");
    }
    let mut spec = world.attack("$A device /build/mine; $A device /tmp/mine; $A read /build/node")?;
    spec.binds.push(Bind::writable(&build, "/build"));
    let inside = world.run_spec(&spec).output;
    let read = if build.join("node").exists() { "EACCES" } else { "ENOENT" };
    assert_eq!(inside, format!("device EPERM\ndevice EPERM\nread {read}\n"));
    Ok(())
}

fn files_and_nested_binds_have_their_places(world: &World) -> Checked {
    let (outer, inner) = (world.dir(), package(world));
    std::fs::write(world.dir().join("file"), "").unwrap();
    let script =
        "cat /build/dep/file /script; echo >> /script; ls /build; readlink /bin2; cat /tmp/kept/file";
    let mut spec = world.shell(script);
    spec.binds.extend([
        Bind::read_only(&inner, "/build/dep"),
        Bind::writable(&outer, "/build"),
        Bind::read_only(inner.join("file"), "/script"),
        Bind::read_only(&inner, "/tmp/kept"),
    ]);
    spec.links.push(Link::new("/bin2", "env/bin"));
    let output = world.run_spec(&spec).output;
    assert!(output.starts_with("contentcontent"), "{output}");
    assert!(output.contains("cannot create /script: Read-only file system"), "{output}");
    assert!(output.ends_with("dep\nenv/bin\ncontent"), "{output}");
    // The mount point was made in the writable source, and nothing else.
    assert_eq!(std::fs::read_dir(&outer).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(outer.join("dep")).unwrap().count(), 0);
    Ok(())
}

/// A failed build is entered again with its own files; a symlink among them must not say where things are mounted.
fn what_a_build_left_cannot_redirect_a_mount(world: &World) -> Checked {
    let (outer, inner) = (world.dir(), package(world));
    std::os::unix::fs::symlink("/etc", outer.join("dep")).unwrap();
    std::os::unix::fs::symlink("/etc", outer.join("way")).unwrap();
    for target in ["/build/dep", "/build/way/dep"] {
        let mut spec = world.shell("cat /etc/passwd");
        spec.binds.extend([Bind::writable(&outer, "/build"), Bind::read_only(&inner, target)]);
        match world.try_spec(&spec) {
            // A mount on the symlink itself is as good: nothing of /etc is hidden.
            Ok(ran) => assert!(ran.good().starts_with("user:x:1000:1000:")),
            Err(error) => assert!(error.lines.contains(&format!("for target: {target}")), "{error}"),
        }
    }
    Ok(())
}

fn written_files_belong_to_one_owner(world: &World) -> Checked {
    let build = world.dir();
    std::fs::create_dir_all(build.join("a/b")).unwrap();
    std::fs::write(build.join("a/b/given"), "").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", build.join("a/link")).unwrap();
    let passwd = std::fs::metadata("/etc/passwd").unwrap().uid();
    let mut spec = world
        .shell("cd /build; echo x >> a/b/given; echo x > new; id -u; stat -c %u:%g new a/b/given a/link .");
    spec.binds.push(Bind::writable(&build, "/build"));
    let output = world.run_spec(&spec).output;
    assert_eq!(output, "1000\n1000:1000\n1000:1000\n1000:1000\n1000:1000\n");
    let owner = build.join("new").metadata().unwrap().uid();
    let own = nix::unistd::geteuid().as_raw();
    assert!(if own == 0 { (60_600..61_100).contains(&owner) } else { owner == own }, "owner {owner}");
    assert_eq!(std::fs::metadata("/etc/passwd").unwrap().uid(), passwd);
    Ok(())
}

fn the_old_mount_api_gives_the_same(world: &World) -> Checked {
    let script = "cut -d' ' -f2-4 /proc/mounts | sort; ls -laR /dev /etc | sed 's/[A-Z][a-z][a-z] .*:[0-9][0-9]//'; cat /proc/self/status | grep -e Cap -e No -e Sec
        cat /proc/kallsyms; echo x > /build/x; echo x > /versions/dep/x; cat /proc/sys/user/max_user_namespaces";
    let run = |old| {
        let mut spec = world.shell(script);
        spec.old_mount_api = old;
        spec.binds.extend([
            Bind::writable(world.dir(), "/build"),
            Bind::read_only(package(world), "/versions/dep"),
        ]);
        // The sandboxes of root have different uids, and mount options show them.
        let output = world.run_spec(&spec).output;
        let words = output.split_inclusive([',', ' ', '\n']);
        words.filter(|word| !word.starts_with("uid=") && !word.starts_with("gid=")).collect::<String>()
    };
    let (new, old) = (run(false), run(true));
    assert!(new.contains("/versions/dep ext4 ro,") || new.contains("/versions/dep "), "{new}");
    assert_eq!(new, old);
    Ok(())
}

fn four_hundred_binds(world: &World) -> Checked {
    let package = package(world);
    // The old way reads the whole mount table for each bind.
    for (count, old) in [(400, false), (40, true)] {
        let mut spec = world.shell("ls /versions | wc -l; cat /versions/dep0/file");
        spec.binds
            .extend((0..count).map(|number| Bind::read_only(&package, format!("/versions/dep{number}"))));
        spec.old_mount_api = old;
        assert_eq!(world.run_spec(&spec).good(), format!("{count}\ncontent"));
    }
    Ok(())
}
