//! A power cut: the file system of a store stops at a random moment, with nothing written that was not synced.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::packages;
use crate::world::{Who, World};

/// An ext4 image that is mounted through a loop device.
struct Disk<'a> {
    image: std::path::PathBuf,
    mount: &'a Path,
}

/// Runs a program; the reason where it cannot.
fn tool(program: &str, arguments: &[&std::ffi::OsStr]) -> Result<(), String> {
    let output =
        Command::new(program).args(arguments).output().map_err(|cause| format!("{program}: {cause}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

impl<'a> Disk<'a> {
    fn make(image: std::path::PathBuf, mount: &'a Path) -> Result<Disk<'a>, String> {
        std::fs::create_dir_all(mount).unwrap();
        std::fs::File::create(&image).unwrap().set_len(96 << 20).unwrap();
        tool("mkfs.ext4", &["-q".as_ref(), image.as_ref()])?;
        let disk = Disk { image, mount };
        disk.mount()?;
        Ok(disk)
    }

    fn mount(&self) -> Result<(), String> {
        tool("mount", &["-o".as_ref(), "loop".as_ref(), self.image.as_ref(), self.mount.as_ref()])
    }

    fn unmount(&self) -> Result<(), String> {
        let mut last = String::new();
        // The last process of a killed build may not be gone yet.
        for _ in 0..100 {
            match tool("umount", &[self.mount.as_ref()]) {
                Ok(()) => break,
                Err(why) => last = why,
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // A mount namespace of a build that is just ending may still hold it: a mount now would show the stopped one again.
        for _ in 0..200 {
            let used = Command::new("losetup").arg("-j").arg(&self.image).output();
            if used.is_ok_and(|used| used.stdout.is_empty()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the image stays in use {last}"))
    }

    /// Stops the file system as if the power had gone: EXT4_IOC_SHUTDOWN without flushing the journal.
    fn cut(&self) -> Result<(), String> {
        let program = "open(my $d, '<', $ARGV[0]) or die $!; my $how = pack('L', 2); ioctl($d, 0x8004587d, $how) or die $!";
        tool("perl", &["-e".as_ref(), program.as_ref(), self.mount.as_ref()])
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = tool("umount", &["-l".as_ref(), self.mount.as_ref()]);
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_finished() {
    if !nix::unistd::geteuid().is_root() {
        println!("SKIPPED: only root can mount a file system and stop it");
        return;
    }
    for who in [Who::Caller, Who::Ordinary] {
        let world = World::new(who);
        packages::write_four(&world);
        world.genpkg(&["render"]).ok();
        world.pthbs(&["build", "top"]).ok();
        let expected = packages::content(&world, "store");
        let mount = world.path("home/disk");
        let mut finished = 0;
        for round in 0..crate::rounds(3, 40) {
            let image = world.path(&format!("home/image-{round}"));
            let disk = match Disk::make(image.clone(), &mount) {
                Ok(disk) => disk,
                Err(why) => {
                    println!("SKIPPED: no ext4 image can be mounted here: {why}");
                    return;
                }
            };
            std::fs::remove_dir(mount.join("lost+found")).unwrap();
            world.give_away();
            let build = ["--root", mount.to_str().unwrap(), "build", "top"];
            // The first packages are finished before the cut: what has been there must be there.
            let early = ["--root", mount.to_str().unwrap(), "build", "left"];
            world.pthbs(&early).ok();
            let mut command = world.command("pthbs", &build);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(crate::random(400)));
            if let Err(why) = disk.cut() {
                println!("SKIPPED: the file system cannot be stopped: {why}");
                child.wait().unwrap();
                disk.unmount().unwrap();
                return;
            }
            child.wait().unwrap();
            disk.unmount().unwrap();
            disk.mount().unwrap();

            let here = "home/disk";
            packages::assert_sound(&world, here, &format!("{who:?}, round {round}"));
            let there = world.files_below("home/disk/versions");
            assert!(
                there.iter().any(|file| file.starts_with("left.")),
                "what was finished is lost: {there:?}"
            );
            finished += there.len();
            world.pthbs(&build).ok();
            packages::assert_sound(&world, here, "built again");
            assert_eq!(packages::content(&world, here), expected, "{who:?}, round {round}");
            disk.unmount().unwrap();
            drop(disk);
            std::fs::remove_file(image).unwrap();
        }
        assert!(finished > 0, "nothing was ever finished: the test shows nothing");
    }
}
