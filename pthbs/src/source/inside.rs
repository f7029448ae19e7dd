//! A path that cannot lead out of the directory it is written below.

use std::fmt;

/// One or more plain components joined by `/`: none is empty, `.` or `..`, and none holds a NUL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Inside(Vec<u8>);

impl Inside {
    /// Reads an archive's name for a member without its first `strip` components; nothing where nothing is left.
    ///
    /// `./` and doubled slashes are no components: `./zsh-5.9/x` and `zsh-5.9/x` are one name. GNU tar would count the
    /// `.` when it strips, so that how an archive was made would decide what a package's `strip` has to be.
    pub(super) fn new(name: &[u8], strip: u32) -> Result<Option<Inside>, &'static str> {
        if name.is_empty() {
            return Err("its name is empty");
        }
        if name.contains(&0) {
            return Err("its name holds a NUL");
        }
        if name[0] == b'/' {
            return Err("its name is absolute");
        }
        let mut rest = Vec::with_capacity(name.len());
        let mut skipped = 0;
        for component in name.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => return Err("its name leads out by `..`"),
                _ if skipped < strip => skipped += 1,
                _ => {
                    if !rest.is_empty() {
                        rest.push(b'/');
                    }
                    rest.extend_from_slice(component);
                }
            }
        }
        Ok((!rest.is_empty()).then_some(Inside(rest)))
    }

    /// A single component below a directory, or below the top.
    pub(super) fn child(parent: Option<&Inside>, name: &[u8]) -> Result<Inside, &'static str> {
        let is_plain =
            !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/') && !name.contains(&0);
        match parent {
            _ if !is_plain => Err("its name is no plain file name"),
            Some(Inside(parent)) => Ok(Inside([parent, &b"/"[..], name].concat())),
            None => Ok(Inside(name.to_vec())),
        }
    }

    /// The directory it lies in, nothing for the top, and its last component.
    pub(super) fn split(&self) -> (Option<&[u8]>, &[u8]) {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => (Some(&self.0[..slash]), &self.0[slash + 1..]),
            None => (None, &self.0),
        }
    }

    /// The whole path.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(name: &str, strip: u32) -> Result<Option<String>, &'static str> {
        Inside::new(name.as_bytes(), strip).map(|inside| inside.map(|inside| inside.to_string()))
    }

    #[test]
    fn leading_components_are_stripped() {
        assert_eq!(read("./zsh-5.9//Src/./main.c", 1), Ok(Some("Src/main.c".into())));
        assert_eq!(read("zsh-5.9/Src/", 0), Ok(Some("zsh-5.9/Src".into())));
        assert_eq!(read("zsh-5.9/", 1), Ok(None));
        assert_eq!(read("./", 0), Ok(None));
    }

    #[test]
    fn what_leads_out_is_refused_also_where_it_would_be_stripped() {
        for name in ["", "/etc/passwd", "..", "../x", "a/../../x", "../a/b", "a/..", "a\0b"] {
            assert!(read(name, 1).is_err(), "{name}");
        }
        for name in ["", ".", "..", "a/b", "a\0"] {
            assert!(Inside::child(None, name.as_bytes()).is_err(), "{name}");
        }
    }

    proptest! {
        // A failure means that some name could be written above the directory that an archive is unpacked into.
        #[test]
        fn a_path_inside_has_only_plain_components(name in "[a./\0]{0,12}", strip in 0..3u32) {
            if let Ok(Some(inside)) = Inside::new(name.as_bytes(), strip) {
                for component in inside.as_bytes().split(|byte| *byte == b'/') {
                    prop_assert!(!component.is_empty() && component != b"." && component != b"..");
                    prop_assert!(!component.contains(&0));
                }
            }
        }
    }
}
