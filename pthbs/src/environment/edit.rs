//! Edits what is wanted of an environment: fewer packages, and no rules for what is gone.

use super::make::closure;
use super::wish::{NamedRules, Wish};
use crate::base::{Error, Result, error};
use crate::store::Store;

/// The wish without some of its words, and without the rules that name packages which are gone with them.
pub fn without(store: &Store, wish: &Wish, words: &[String]) -> Result<Wish> {
    let mut left = wish.clone();
    let unknown =
        words.iter().filter(|word| left.asked.remove(*word).is_none() && !wish.asked.contains_key(*word));
    let errors: Vec<Error> = unknown.map(|word| not_asked_for(wish, word)).collect();
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    let installs = closure(store, &left.installs())?;
    let is_there = |name: &String| left.find(name, &installs).is_ok();
    let mut rules: NamedRules = left.rules.clone();
    rules.prefer.retain(|_, name| is_there(name));
    rules.exclude.retain(|name, _| is_there(name));
    rules.rename.retain(|name, _| is_there(name));
    Ok(Wish { rules, ..left })
}

fn not_asked_for(wish: &Wish, word: &str) -> Error {
    let error = Error::usage(format!("`{}` was not asked for", word.escape_debug()));
    let known: Vec<&str> = wish.asked.keys().map(String::as_str).collect();
    match error::nearest(word, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if known.is_empty() => error.line("nothing was"),
        None => error.with("asked for", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Package, file, store};
    use super::super::make::make_wish;
    use super::*;

    #[test]
    fn what_is_taken_out_takes_its_rules_along() {
        let (_dir, store) = store();
        let data = Package::new("data").entry("share/d", file("one")).publish(&store);
        let a = Package::new("a").entry("bin/x", file("one")).needs(&data).publish(&store);
        let b = Package::new("b").entry("bin/x", file("two")).entry("share/b", file("one")).publish(&store);
        let asked = [("a@tiny".to_string(), a), ("b".to_string(), b)].into();
        let mut wish = Wish { asked, ..Wish::default() };
        wish.rules.prefer.insert("bin/x".into(), "a@tiny".into());
        wish.rules.rename.insert("data".into(), [("share/d".into(), "share/data".into())].into());
        wish.rules.exclude.insert("b".into(), ["share/b".to_string()].into());
        make_wish(&store, &wish).unwrap();

        let left = without(&store, &wish, &["a@tiny".to_string(), "a@tiny".to_string()]).unwrap();
        assert!(left.asked.keys().eq(["b"]));
        assert_eq!(left.rules, NamedRules { exclude: wish.rules.exclude.clone(), ..NamedRules::default() });
        make_wish(&store, &left).unwrap();
        // What nobody asks for is an environment too.
        let nothing = without(&store, &left, &["b".to_string()]).unwrap();
        assert_eq!(nothing, Wish::default());
        make_wish(&store, &nothing).unwrap();

        let why = |wish: &Wish, words: [&str; 2]| {
            without(&store, wish, &words.map(String::from)).unwrap_err().to_string()
        };
        assert_eq!(
            why(&wish, ["a@tyni", "data"]),
            "error: `a@tyni` was not asked for\n  hint: did you mean `a@tiny`?\n\n\
             error: `data` was not asked for\n  asked for: a@tiny, b"
        );
        assert!(why(&nothing, ["b", "b"]).contains("nothing was"));
    }
}
