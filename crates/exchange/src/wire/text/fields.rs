//! What a walk over a message's fields can meet.

use std::collections::BTreeMap;

use super::TextError;

/// How a step of a walk ended.
pub(super) type Step = Result<(), TextError>;

/// The first version whose sizes may have a fraction; clients of earlier ones read them as integers.
pub(super) const FRACTIONAL_SIZES: i32 = 163;

/// One walk over the fields of a message, in the order of the wire.
///
/// Plain methods exchange an absent value for an empty field. Those that end in `_or` name what
/// stands for an absent value, for clients that can't read an empty field.
pub(super) trait Fields {
    /// The version in force.
    fn version(&self) -> i32;

    /// A field without meaning: written as it stands here, skipped when read.
    fn fixed(&mut self, text: &'static str) -> Step;

    /// A text.
    fn text(&mut self, field: &mut Option<String>) -> Step;

    /// A text in which what is not ASCII is escaped.
    fn escaped(&mut self, field: &mut Option<String>) -> Step;

    /// An integer.
    fn int(&mut self, field: &mut Option<i32>) -> Step;

    /// An integer; `absent` says that there is none. A zero is read as what it is.
    fn int_or(&mut self, field: &mut Option<i32>, absent: i32) -> Step;

    /// A long integer.
    fn long(&mut self, field: &mut Option<i64>) -> Step;

    /// A number.
    fn number(&mut self, field: &mut Option<f64>) -> Step;

    /// A number; `absent` says that there is none. A zero is read as what it is.
    fn number_or(&mut self, field: &mut Option<f64>, absent: f64) -> Step;

    /// A yes or no.
    fn flag(&mut self, field: &mut Option<bool>) -> Step;

    /// A decimal quantity, kept as text.
    fn decimal(&mut self, field: &mut Option<String>) -> Step;

    /// A quantity without a fraction, at every version.
    fn whole(&mut self, field: &mut Option<String>) -> Step;

    /// A yes or no as one of two texts.
    fn either(&mut self, field: &mut Option<bool>, yes: &'static str, no: &'static str) -> Step;

    /// Two marks as bits 1 and 2 of a number.
    fn marks(&mut self, first: &mut Option<bool>, second: &mut Option<bool>) -> Step;

    /// `tag=value;` for each entry, in one field.
    fn options(&mut self, field: &mut BTreeMap<String, String>) -> Step;

    /// How many entries follow, of `fields` fields or more each. Goes out as `length`.
    fn count(&mut self, length: usize, fields: usize) -> Result<usize, TextError>;

    /// Something was met that has no form here: a reader stops, a writer goes on with what it has.
    fn unknown(&self, expected: &'static str) -> Step {
        let _ = expected;
        Ok(())
    }

    /// A quantity that clients before [`FRACTIONAL_SIZES`] read as an integer.
    fn size(&mut self, field: &mut Option<String>) -> Step {
        if self.version() < FRACTIONAL_SIZES { self.whole(field) } else { self.decimal(field) }
    }
}

/// A count, then the entries.
pub(super) fn list<F: Fields, T: Default>(
    fields: &mut F,
    entries: &mut Vec<T>,
    least_fields: usize,
    each: impl Fn(&mut F, &mut T) -> Step,
) -> Step {
    let count = fields.count(entries.len(), least_fields)?;
    entries.resize_with(count, T::default);
    entries.iter_mut().try_for_each(|entry| each(fields, entry))
}

/// A count, then a tag and a value for each entry.
pub(super) fn pairs<F: Fields>(fields: &mut F, entries: &mut BTreeMap<String, String>) -> Step {
    let some = |text: String| (!text.is_empty()).then_some(text);
    let mut rows: Vec<(Option<String>, Option<String>)> =
        std::mem::take(entries).into_iter().map(|(tag, value)| (some(tag), some(value))).collect();
    list(fields, &mut rows, 2, |fields, (tag, value)| {
        fields.text(tag)?;
        fields.text(value)
    })?;
    entries.extend(rows.into_iter().map(|(tag, value)| (tag.unwrap_or_default(), value.unwrap_or_default())));
    Ok(())
}

/// Whether a text that decides about later fields is there.
pub(super) fn given(field: Option<&String>) -> bool {
    field.is_some_and(|text| !text.is_empty())
}
