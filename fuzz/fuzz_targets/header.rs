//! Any bytes as a script, an index and a download list: an error or a value, never a panic, and what can be read is
//! printed as it was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pthbs_fuzz::script::Header;
use pthbs_fuzz::script::rendered::{DownloadList, Index};

fuzz_target!(|text: &str| {
    if let Ok(header) = Header::parse(text, "x.sh") {
        let printed = header.to_string();
        assert!(text.starts_with(&printed), "a header has one spelling");
        assert_eq!(Header::parse(&printed, "x.sh").expect("what is printed can be read"), header);
    }
    if let Ok(index) = Index::parse(text, "index") {
        assert_eq!(Index::parse(&index.to_string(), "index").expect("what is printed can be read"), index);
    }
    if let Ok(list) = DownloadList::parse(text, "list") {
        assert_eq!(
            DownloadList::parse(&list.to_string(), "list").expect("what is printed can be read"),
            list
        );
    }
});
