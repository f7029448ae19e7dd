//! What the seal objects to: told with its file, an error or a warning, and silenced where the definition gives a reason.

use crate::world::{World, everybody};

fn definition(meta: &str, body: &str) -> String {
    format!(
        "{{% extends \"plain\" %}}\n{{% set version = \"1\" %}}\n{{% set sandbox = \"host\" %}}\n{meta}\n{{% block build %}}\n\
         \tmkdir -p \"$out/lib\"\n\t{body}\n{{% endblock %}}\n"
    )
}

#[test]
fn a_warning_is_told_and_a_reason_silences_it() {
    for who in everybody() {
        let world = World::new(who);
        let body = "echo libtool >\"$out/lib/libx.la\"";
        world.write("packages/x/package.sh", &definition("", body));
        let built = world.pthbs(&["build", "x"]).ok();
        assert!(built.stderr.contains("warning: x: libtool archive: `lib/libx.la`"), "{built:?}");

        let meta = "{% set meta = {\"silence\": {\"libtool\": \"a loader reads it\"}} %}";
        world.write("packages/x/package.sh", &definition(meta, body));
        let same = world.pthbs(&["build", "x"]).ok();
        assert_eq!(same.stdout, built.stdout, "what is silenced is no part of the identity");
        assert!(same.stderr.ends_with("nothing to do\n"), "{same:?}");
        world.pthbs(&["delete", "x"]).ok();
        let again = world.pthbs(&["build", "x"]).ok();
        assert!(!again.stderr.contains("libtool"), "{again:?}");
    }
}

#[test]
fn an_error_refuses_the_output_and_names_the_file() {
    for who in everybody() {
        let world = World::new(who);
        let body = "echo '#!/env/bin/sh' >\"$out/lib/tool\"";
        world.write("packages/x/package.sh", &definition("", body));
        let refused = world.pthbs(&["build", "x"]).exits(1);
        assert!(refused.stderr.contains("`/env/` in a file: `lib/tool`"), "{refused:?}");
        assert!(!world.files_below("store/versions").iter().any(|file| file.starts_with("x.")));
        let meta = "{% set meta = {\"silence\": {\"env\": \"it runs in builds alone\"}} %}";
        world.write("packages/x/package.sh", &definition(meta, body));
        world.pthbs(&["build", "x"]).ok();
    }
}
