//! The short form of a message: one text message of the GSM alphabet.
//!
//! What holds: at most [`SMS_CHARS`] characters, each of the basic GSM 7-bit
//! alphabet (3GPP TS 23.038), on one line, and no number cut in the middle: a
//! reader who sees 12 must never wonder whether it was 120.

use super::guide::Guide;
use super::id::Mode;
use super::message::Telling;
use super::phrase;
use super::place::Place;
use super::state::Activation;
use super::transition::Why;
use crate::criteria::Class;
use crate::language::Language;

/// Characters of one text message.
pub(crate) const SMS_CHARS: usize = 160;

/// Letters of an activation's id that are told: enough to find it by.
const ID_TAIL: usize = 6;

/// Stands for what was cut off.
const CUT: &str = "..";

/// The basic alphabet beside letters, digits, and what is the same in ASCII.
const BEYOND_ASCII: &str = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";

/// ASCII that costs two characters in a text message, or is none of it.
const NOT_BASIC: &str = "[\\]^`{|}~";

/// The short form of a message about an activation.
pub(super) fn sms(telling: &Telling<'_>, guide: &Guide, language: Language) -> String {
    let activation = telling.activation;
    let highest = &activation.highest;
    let exercise = match activation.mode {
        Mode::Exercise => language.pick("LATIHAN ", "EXERCISE "),
        Mode::Actual => "",
    };
    let news = match telling.why {
        Why::Raised if activation.late => language.pick("TERLAMBAT", "LATE"),
        Why::Raised => language.pick("BARU", "NEW"),
        Why::Risen => language.pick("NAIK", "RISEN"),
        Why::Reopened => language.pick("TERJADI LAGI", "BACK AGAIN"),
        Why::Cleared => language.pick("MEREDA", "CLEARED"),
        Why::Closed => language.pick("DITUTUP", "CLOSED"),
        Why::Merged => language.pick("DIGABUNG", "MERGED"),
        Why::Updated => language.pick("UBAH", "UPDATE"),
        Why::Escalated | Why::Reminder => language.pick("BELUM DIAKUI", "NOT ACKED"),
        Why::Shelved => language.pick("DITUNDA", "SHELVED"),
        Why::Unshelved => language.pick("TAK LAGI DITUNDA", "UNSHELVED"),
        Why::BackInService => language.pick("ALAT BERTUGAS LAGI", "BACK IN SERVICE"),
        Why::Uninhibited => language.pick("MASIH ADA", "STILL THERE"),
    };
    let todo = match telling.why {
        Why::Closed | Why::Merged | Why::Shelved => "",
        Why::Cleared => language.pick("Akui.", "Acknowledge it."),
        Why::Escalated | Why::Reminder => language.pick("Akui.", "Acknowledge it."),
        Why::Raised
        | Why::Risen
        | Why::Reopened
        | Why::Updated
        | Why::Unshelved
        | Why::BackInService
        | Why::Uninhibited => language.of(guide.first.short),
    };
    let radiation = highest.quantity.radiation();
    let radiation = radiation.map_or(String::new(), |word| format!(" {word}"));
    let head = format!(
        "{exercise}{news} {} {}{radiation}, ",
        class_word(activation.class_max, language),
        phrase::amount(highest, language),
    );
    let tail = format!(
        ", {}. {todo}{}{} v{}",
        telling.zone.short(highest.measured),
        if todo.is_empty() { "" } else { " " },
        id_tail(activation),
        activation.version
    );
    fitted(&head, &place(activation, language), &tail)
}

/// A short form of `head`, as much of `middle` as there is room for, and `tail`.
pub(crate) fn fitted(head: &str, middle: &str, tail: &str) -> String {
    let (head, tail) = (gsm(head), gsm(tail));
    let taken = head.chars().count() + tail.chars().count();
    let middle = cut(&gsm(middle), SMS_CHARS.saturating_sub(taken));
    let whole = format!("{head}{middle}{tail}");
    cut(whole.trim(), SMS_CHARS)
}

/// The class as people say it in a hurry.
pub(crate) const fn class_word(class: Class, language: Language) -> &'static str {
    let (id, en) = match class {
        Class::Emergency => ("DARURAT", "EMERGENCY"),
        Class::PossibleEmergency => ("MUNGKIN DARURAT", "POSSIBLE EMERGENCY"),
        Class::Elevated => ("MENINGKAT", "ELEVATED"),
        Class::Unclassified => ("BELUM DINILAI", "UNCLASSIFIED"),
        Class::Exempt => ("DIKECUALIKAN", "EXEMPT"),
        Class::ExistingManaged => ("PAPARAN EKSISTING", "EXISTING EXPOSURE"),
        Class::Normal => ("NORMAL", "NORMAL"),
        Class::Invalid => ("TIDAK SAH", "INVALID"),
    };
    match language {
        Language::Indonesian => id,
        Language::English => en,
    }
}

/// The last letters of an activation's id.
fn id_tail(activation: &Activation) -> String {
    let id = activation.id.as_str();
    let skipped = id.chars().count().saturating_sub(ID_TAIL);
    id.chars().skip(skipped).collect()
}

fn place(activation: &Activation, language: Language) -> String {
    match (&activation.place, super::view::where_now(activation)) {
        (Place::Area | Place::Instrument { .. }, Some(at)) => {
            format!("{:.4},{:.4}", at.lat, at.lon)
        }
        (Place::Area | Place::Instrument { .. }, None) => {
            let word = language.pick("tanpa posisi", "no position");
            format!("{word}, {}", activation.highest.instrument)
        }
        (Place::Site(_) | Place::Item { .. }, _) => phrase::short_place(activation, language),
    }
}

/// Whether a character belongs to the basic alphabet.
fn is_basic(c: char) -> bool {
    (matches!(c, ' '..='~') && !NOT_BASIC.contains(c)) || BEYOND_ASCII.contains(c)
}

/// Text in the basic alphabet: what it lacks is written with what it has, and
/// what nothing stands for is a question mark.
fn gsm(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            _ if is_basic(c) => out.push(c),
            'µ' | 'μ' => out.push('u'),
            '≥' => out.push_str(">="),
            '≤' => out.push_str("<="),
            '×' => out.push('x'),
            '²' => out.push('2'),
            '³' => out.push('3'),
            '°' => out.push_str(" deg"),
            '–' | '—' | '~' | '\u{2011}' => out.push('-'),
            '‘' | '’' | '`' | '^' => out.push('\''),
            '“' | '”' | '«' | '»' => out.push('"'),
            '…' => out.push_str(CUT),
            '[' | '{' => out.push('('),
            ']' | '}' => out.push(')'),
            '\\' | '|' => out.push('/'),
            'á' | 'â' | 'ã' | 'ā' => out.push('a'),
            'ê' | 'ë' | 'ē' => out.push('e'),
            'í' | 'î' | 'ï' | 'ī' => out.push('i'),
            'ó' | 'ô' | 'õ' | 'ō' => out.push('o'),
            'ú' | 'û' | 'ū' => out.push('u'),
            'ç' => out.push('c'),
            _ if c.is_whitespace() => out.push(' '),
            _ => out.push('?'),
        }
    }
    out
}

/// At most `max` characters; cut, when it must be, between words or at least
/// not inside a number.
fn cut(text: &str, max: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= max {
        return text.to_owned();
    }
    let mut end = max.saturating_sub(CUT.len());
    let is_inside = |end: usize| {
        let around = end
            .checked_sub(1)
            .and_then(|last| Some((chars.get(last)?, chars.get(end)?)));
        around.is_some_and(|(before, after)| is_of_number(*before) && is_of_number(*after))
    };
    while is_inside(end) {
        end -= 1;
    }
    let kept: String = chars.iter().take(end).collect();
    let kept = kept.trim_end();
    let sign: String = CUT.chars().take(max).collect();
    format!("{kept}{sign}")
}

/// What a number is written with.
const fn is_of_number(c: char) -> bool {
    matches!(c, '0'..='9' | '.' | ',' | '+' | '-' | 'e')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_alphabet_lacks_is_written_with_what_it_has() {
        for (text, expected) in [
            ("142,5 µSv/jam", "142,5 uSv/jam"),
            ("≥ 1 Bq/cm²", ">= 1 Bq/cm2"),
            ("[a]{b}|c\\d~", "(a)(b)/c/d-"),
            ("Pós Ünit é", "Pos Ünit é"),
            ("東京🍖", "???"),
        ] {
            assert_eq!(gsm(text), expected);
            assert!(gsm(text).chars().all(is_basic), "{text}");
        }
    }

    #[test]
    fn nothing_is_cut_inside_a_number() {
        for (text, max, expected) in [
            ("Gudang 12345", 12, "Gudang 12345"),
            ("Gudang 12345", 11, "Gudang.."),
            ("Gudang lama", 10, "Gudang l.."),
            ("1234567890", 5, ".."),
            ("abc", 1, "."),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, max), expected);
            assert!(cut(text, max).chars().count() <= max, "{text} {max}");
        }
    }
}
