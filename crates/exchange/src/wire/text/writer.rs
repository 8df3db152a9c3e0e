//! Writing a body: values to texts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use super::TextError;
use super::escape::escape;
use super::fields::{Fields, Step};

/// Walks the fields of one message and appends them.
pub(super) struct FieldWriter<'a> {
    version: i32,
    out: &'a mut Vec<u8>,
}

impl<'a> FieldWriter<'a> {
    /// Appends the message id; the walk begins behind it.
    pub(super) fn open(version: i32, message_id: i32, out: &'a mut Vec<u8>) -> Self {
        let mut writer = Self { version, out };
        writer.put(message_id);
        writer
    }

    fn put(&mut self, value: impl std::fmt::Display) {
        write!(self.out, "{value}").expect("a vector has room");
        self.out.push(0);
    }

    fn put_text(&mut self, text: &str) {
        // A NUL within a text would end its field: other dialects can carry one.
        self.out.extend(text.bytes().filter(|byte| *byte != 0));
        self.out.push(0);
    }

    fn put_number(&mut self, value: f64) {
        if value.is_infinite() {
            self.put_text("Infinity");
        } else if value.abs() >= f64::MAX {
            self.put_text("1.7976931348623157E308");
        } else {
            self.put(value);
        }
    }
}

impl Fields for FieldWriter<'_> {
    fn version(&self) -> i32 {
        self.version
    }

    fn fixed(&mut self, text: &'static str) -> Step {
        self.put_text(text);
        Ok(())
    }

    fn text(&mut self, field: &mut Option<String>) -> Step {
        self.put_text(field.as_deref().unwrap_or_default());
        Ok(())
    }

    fn escaped(&mut self, field: &mut Option<String>) -> Step {
        self.put_text(&escape(field.as_deref().unwrap_or_default()));
        Ok(())
    }

    fn int(&mut self, field: &mut Option<i32>) -> Step {
        match *field {
            Some(value) => self.put(value),
            None => self.out.push(0),
        }
        Ok(())
    }

    fn int_or(&mut self, field: &mut Option<i32>, absent: i32) -> Step {
        self.put(field.unwrap_or(absent));
        Ok(())
    }

    fn long(&mut self, field: &mut Option<i64>) -> Step {
        match *field {
            Some(value) => self.put(value),
            None => self.out.push(0),
        }
        Ok(())
    }

    fn number(&mut self, field: &mut Option<f64>) -> Step {
        match *field {
            Some(value) => self.put_number(value),
            None => self.out.push(0),
        }
        Ok(())
    }

    fn number_or(&mut self, field: &mut Option<f64>, absent: f64) -> Step {
        self.put_number(field.unwrap_or(absent));
        Ok(())
    }

    fn flag(&mut self, field: &mut Option<bool>) -> Step {
        match *field {
            Some(value) => self.put(u8::from(value)),
            None => self.out.push(0),
        }
        Ok(())
    }

    fn decimal(&mut self, field: &mut Option<String>) -> Step {
        // Clients turn it into a number: an empty one could not be read.
        self.put_text(field.as_deref().filter(|text| !text.is_empty()).unwrap_or("0"));
        Ok(())
    }

    fn whole(&mut self, field: &mut Option<String>) -> Step {
        let text = field.as_deref().unwrap_or_default();
        let whole = text.split('.').next().filter(|whole| !whole.is_empty() && *whole != "-");
        self.put_text(whole.unwrap_or("0"));
        Ok(())
    }

    fn either(&mut self, field: &mut Option<bool>, yes: &'static str, no: &'static str) -> Step {
        self.put_text(if field.unwrap_or_default() { yes } else { no });
        Ok(())
    }

    fn marks(&mut self, first: &mut Option<bool>, second: &mut Option<bool>) -> Step {
        let bit = |mark: Option<bool>| u8::from(mark.unwrap_or_default());
        self.put(bit(*first) | bit(*second) << 1);
        Ok(())
    }

    fn options(&mut self, field: &mut BTreeMap<String, String>) -> Step {
        let mut text = String::new();
        for (tag, value) in &*field {
            write!(text, "{tag}={value};").expect("a string has room");
        }
        self.put_text(&text);
        Ok(())
    }

    fn count(&mut self, length: usize, _: usize) -> Result<usize, TextError> {
        self.put(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: i32, write: impl FnOnce(&mut FieldWriter<'_>)) -> String {
        let mut out = Vec::new();
        write(&mut FieldWriter::open(version, 7, &mut out));
        String::from_utf8(out).unwrap().replace('\0', "|")
    }

    #[test]
    fn sizes_are_whole_before_the_version_that_brought_fractions() {
        let mut size = Some("3.75".to_owned());
        assert_eq!(written(162, |w| w.size(&mut size).unwrap()), "7|3|");
        assert_eq!(written(163, |w| w.size(&mut size).unwrap()), "7|3.75|");
        assert_eq!(written(162, |w| w.size(&mut None).unwrap()), "7|0|");
    }

    #[test]
    fn a_text_can_not_end_its_field() {
        let mut text = Some("a\0b".to_owned());
        assert_eq!(written(178, |w| w.text(&mut text).unwrap()), "7|ab|");
    }

    #[test]
    fn numbers_are_plain_decimals() {
        let numbers = [Some(100.0), Some(1e-7), Some(585.25), None, Some(f64::INFINITY)];
        let texts = written(178, |w| numbers.into_iter().for_each(|mut n| w.number(&mut n).unwrap()));
        assert_eq!(texts, "7|100|0.0000001|585.25||Infinity|");
        let unset = written(178, |w| w.number_or(&mut None, f64::MAX).unwrap());
        assert_eq!(unset, "7|1.7976931348623157E308|");
    }
}
