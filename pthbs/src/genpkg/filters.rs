//! The filters that shell needs: quoting, kconfig fragments, parts of a version, here-documents.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State, Value, escape_formatter, filters, tests};

/// Registers functions by name and says which names there are: one table for the engine and for the checks.
macro_rules! table {
    ($(#[$doc:meta])* $names:ident, $register:ident, $add:ident: $($name:literal $function:expr,)*) => {
        $(#[$doc])*
        pub(super) const $names: &[&str] = &[$($name),*];

        fn $register(env: &mut Environment<'_>) {
            $(env.$add($name, $function);)*
        }
    };
}

table! {
    /// Every filter of the language.
    FILTERS, register_filters, add_filter:
    "abs" filters::abs,
    "attr" filters::attr,
    "batch" filters::batch,
    "bool" filters::bool,
    "capitalize" filters::capitalize,
    "chain" filters::chain,
    "count" filters::length,
    "d" filters::default,
    "default" filters::default,
    "dictsort" filters::dictsort,
    "first" filters::first,
    "format" filters::format,
    "groupby" filters::groupby,
    "heredoc" heredoc,
    "indent" filters::indent,
    "int" filters::int,
    "items" filters::items,
    "join" filters::join,
    "kconfig" kconfig,
    "last" filters::last,
    "length" filters::length,
    "lines" filters::lines,
    "list" filters::list,
    "lower" filters::lower,
    "map" filters::map,
    "max" filters::max,
    "min" filters::min,
    "reject" filters::reject,
    "rejectattr" filters::rejectattr,
    "replace" filters::replace,
    "reverse" filters::reverse,
    "select" filters::select,
    "selectattr" filters::selectattr,
    "sh" sh,
    "slice" filters::slice,
    "sort" filters::sort,
    "split" filters::split,
    "string" filters::string,
    "sum" filters::sum,
    "trim" filters::trim,
    "unique" filters::unique,
    "upper" filters::upper,
    "ver" ver,
    "zip" filters::zip,
}

table! {
    /// Every test of the language.
    TESTS, register_tests, add_test:
    "boolean" tests::is_boolean,
    "defined" tests::is_defined,
    "divisibleby" tests::is_divisibleby,
    "endingwith" tests::is_endingwith,
    "eq" tests::is_eq,
    "even" tests::is_even,
    "false" tests::is_false,
    "ge" tests::is_ge,
    "gt" tests::is_gt,
    "in" tests::is_in,
    "integer" tests::is_integer,
    "le" tests::is_le,
    "lt" tests::is_lt,
    "mapping" tests::is_mapping,
    "ne" tests::is_ne,
    "none" tests::is_none,
    "number" tests::is_number,
    "odd" tests::is_odd,
    "sequence" tests::is_sequence,
    "startingwith" tests::is_startingwith,
    "string" tests::is_string,
    "true" tests::is_true,
    "undefined" tests::is_undefined,
}

/// Registers all of them.
pub(super) fn register(env: &mut Environment<'_>) {
    register_filters(env);
    register_tests(env);
}

/// `value | sh`: one shell word; a list gives one word an item.
fn sh(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            let words: Vec<String> = value.try_iter()?.map(|item| sh(&item)).collect::<Result<_, _>>()?;
            Ok(words.join(" "))
        }
        _ => Ok(quote(&plain_text(value, "sh")?)),
    }
}

/// One word for the shell, quoted where it must be.
pub(super) fn quote(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `{"CONFIG_STATIC": true} | kconfig`: a kconfig fragment, sorted by symbol; `CONFIG_` may be left out.
fn kconfig(value: &Value) -> Result<String, Error> {
    if value.kind() != ValueKind::Map {
        return Err(wrong(format!("`kconfig` is for a map of symbols, not for a {}", value.kind())));
    }
    let mut lines = std::collections::BTreeMap::new();
    for key in value.try_iter()? {
        let setting = value.get_item(&key)?;
        let key = plain_text(&key, "kconfig")?;
        let symbol = format!("CONFIG_{}", key.strip_prefix("CONFIG_").unwrap_or(&key));
        let is_symbol = symbol.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_symbol || symbol.len() == "CONFIG_".len() {
            return Err(wrong(format!("`{}` is no kconfig symbol", key.escape_debug())));
        }
        let line = match (setting.kind(), setting.as_str()) {
            (ValueKind::Bool, _) if setting.is_true() => format!("{symbol}=y"),
            (ValueKind::Bool, _) | (_, Some("n")) => format!("# {symbol} is not set"),
            (_, Some(word @ ("y" | "m"))) => format!("{symbol}={word}"),
            (_, Some(text)) if !text.contains('\n') => {
                format!("{symbol}=\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
            }
            (ValueKind::Number, _) if setting.is_integer() => format!("{symbol}={setting}"),
            _ => return Err(wrong(format!("`{symbol}` cannot be a {}", setting.kind()))),
        };
        if lines.insert(symbol.clone(), line).is_some() {
            return Err(wrong(format!("`{symbol}` stands twice")));
        }
    }
    Ok(lines.into_values().collect::<Vec<_>>().join("\n"))
}

/// `"5.9.1" | ver(2)`: the first `n` parts of a version.
fn ver(value: &Value, parts: usize) -> Result<String, Error> {
    let text = value.as_str().ok_or_else(|| {
        wrong(format!("`ver` is for a version in quotes, not for a {} ({value})", value.kind()))
    })?;
    if parts == 0 {
        return Err(wrong("`ver` counts from 1".to_string()));
    }
    Ok(text.split('.').take(parts).collect::<Vec<_>>().join("."))
}

/// `text | heredoc`: a here-document, from `<<` to its end word, with nothing expanded: `cat >x {{ text | heredoc }}`.
fn heredoc(value: &Value, options: Kwargs) -> Result<String, Error> {
    options.assert_all_used()?;
    let text = plain_text(value, "heredoc")?;
    let is_taken = |word: &str| text.lines().any(|line| line == word);
    let mut word = "EOF".to_string();
    for number in 1.. {
        if !is_taken(&word) {
            break;
        }
        word = format!("EOF{number}");
    }
    let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    Ok(format!("<<'{word}'\n{text}{newline}{word}"))
}

/// The text of a string or number; anything else has none that a shell could use (true would be `True`).
fn plain_text(value: &Value, filter: &str) -> Result<String, Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number => {
            let text = value.to_string();
            if text.contains('\0') {
                return Err(wrong(format!("`{filter}` cannot take a NUL byte")));
            }
            Ok(text)
        }
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        kind => Err(wrong(format!("`{filter}` cannot take a {kind}"))),
    }
}

/// How `{{ value }}` is written. Only text and numbers are: nobody wants `True`, `None` or `['a', 'b']` in a script.
pub(super) fn write_value(
    output: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Undefined => {
            escape_formatter(output, state, value)
        }
        kind @ (ValueKind::Seq | ValueKind::Iterable) => Err(wrong(format!(
            "a {kind} cannot be written into a script; `| sh` or `| join(\" \")` makes it text"
        ))),
        kind @ ValueKind::Bool => Err(wrong(format!(
            "a {kind} cannot be written into a script; say what to write: `{{{{ \"yes\" if x else \"no\" }}}}`"
        ))),
        kind => Err(wrong(format!("a {kind} cannot be written into a script"))),
    }
}

fn wrong(what: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, what)
}

#[cfg(test)]
mod tests_here {
    use minijinja::context;

    use super::*;

    fn render(template: &str, value: Value) -> Result<String, Error> {
        let mut env = Environment::empty();
        register(&mut env);
        env.render_str(template, context!(x => value))
    }

    #[test]
    fn sh_gives_one_word_an_item() {
        for (value, expected) in [
            (Value::from("a-b/c=1.2"), "a-b/c=1.2"),
            (Value::from(""), "''"),
            (Value::from("it's $HOME"), r"'it'\''s $HOME'"),
            (Value::from(vec!["a", "b c"]), "a 'b c'"),
            (Value::from(3), "3"),
        ] {
            assert_eq!(render("{{ x | sh }}", value).unwrap(), expected);
        }
        assert!(render("{{ x | sh }}", Value::from(())).is_err());
        assert!(render("{{ x | sh }}", Value::from(true)).is_err());
    }

    #[test]
    fn kconfig_is_sorted_and_typed() {
        let text = render(
            r#"{{ {"STATIC": true, "CONFIG_TC": false, "A": "x\"y", "M": "m", "N": 3} | kconfig }}"#,
            0.into(),
        );
        assert_eq!(
            text.unwrap(),
            "CONFIG_A=\"x\\\"y\"\nCONFIG_M=m\nCONFIG_N=3\nCONFIG_STATIC=y\n# CONFIG_TC is not set"
        );
        for bad in [
            r#"{"A B": true}"#,
            r#"{"A": [1]}"#,
            r#"{"A": true, "CONFIG_A": true}"#,
            r#""A=y""#,
            r#"{"": true}"#,
        ] {
            assert!(render(&format!("{{{{ {bad} | kconfig }}}}"), 0.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn ver_takes_the_first_parts() {
        assert_eq!(render("{{ '5.9.1' | ver(2) }}", 0.into()).unwrap(), "5.9");
        assert_eq!(render("{{ '6' | ver(2) }}", 0.into()).unwrap(), "6");
        assert!(render("{{ 5.10 | ver(1) }}", 0.into()).is_err());
    }

    #[test]
    fn a_here_document_ends_where_its_text_cannot() {
        assert_eq!(render("{{ x | heredoc }}", "a\nb".into()).unwrap(), "<<'EOF'\na\nb\nEOF");
        assert_eq!(render("{{ x | heredoc }}", "EOF\nEOF1\n".into()).unwrap(), "<<'EOF2'\nEOF\nEOF1\nEOF2");
        assert_eq!(render("{{ x | heredoc }}", "".into()).unwrap(), "<<'EOF'\nEOF");
    }
}
