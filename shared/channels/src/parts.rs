//! Work for a shop, cut into parts that its pace lets through.

/// Calls of one part. A pace lets through as many as it has room for at once, or within seconds: a part with more
/// calls would be held back for ever.
const CALLS: u32 = 8;

/// `all` in parts of at most `most`, and of at most [`CALLS`] calls by `calls`, but for what takes more by itself.
pub(crate) fn parts<T>(all: &[T], most: usize, calls: impl Fn(&[T]) -> u32) -> Vec<&[T]> {
    let mut parts = Vec::new();
    let mut rest = all;
    while !rest.is_empty() {
        let fits = |len: &usize| calls(&rest[..*len]) <= CALLS;
        let len = (2..=most.min(rest.len())).take_while(fits).last().unwrap_or(1);
        let (part, after) = rest.split_at(len);
        parts.push(part);
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_part_has_no_more_than_one_call_takes_nor_more_calls_than_a_pace_lets_through() {
        let of_one = |part: &[u32]| u32::try_from(part.len()).unwrap_or(u32::MAX);
        let all: Vec<u32> = (0..20).collect();
        let lengths = |most, calls: fn(&[u32]) -> u32| -> Vec<usize> {
            parts(&all, most, calls).iter().map(|part| part.len()).collect()
        };
        assert_eq!(lengths(100, |_| 1), [20], "one call for all of them");
        assert_eq!(lengths(9, |_| 1), [9, 9, 2]);
        assert_eq!(lengths(100, of_one), [8, 8, 4]);
        assert_eq!(lengths(100, |_| 50).len(), 20, "one alone goes, whatever it takes");
        assert!(parts::<u32>(&[], 9, of_one).is_empty());
    }
}
