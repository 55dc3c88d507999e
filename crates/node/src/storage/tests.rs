use super::*;
use proptest::prelude::*;

fn owner() -> Owner {
    Owner { cluster: 7, fingerprint: 0xabcdef, process: Pid::new(3) }
}

fn state(round: u64, size: usize) -> Entry {
    Entry::State { round, bytes: (0..size).map(|k| (k as u8).wrapping_mul(31) ^ round as u8).collect() }
}

/// A log of these batches, and the lengths after each of them.
fn log(batches: &[Vec<(u64, Entry)>]) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut log) = create(&owner());
    let mut ends = vec![bytes.len()];
    for batch in batches {
        batch.iter().for_each(|(instance, entry)| log.put(*instance, entry));
        bytes.extend(log.seal().expect("a batch has entries"));
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// What the first batches say, the dumb way.
fn after(batches: &[Vec<(u64, Entry)>]) -> BTreeMap<u64, Entry> {
    batches.iter().flatten().cloned().collect()
}

fn three() -> Vec<Vec<(u64, Entry)>> {
    vec![
        vec![(1, state(4, 30)), (2, state(8, 700))],
        vec![(1, state(5, 1500)), (9, Entry::Over { bytes: vec![1, 2] })],
        vec![(2, state(9, 600)), (3, state(1, 0)), (1, Entry::Over { bytes: vec![] })],
    ]
}

#[test]
fn what_was_written_is_recovered_and_the_log_goes_on() {
    let (mut bytes, _) = log(&three());
    let Recovered { mut log, entries, whole } = recover(&owner(), &bytes).unwrap();
    assert_eq!((entries, whole), (after(&three()), bytes.len()));
    assert_eq!(log.seal(), None);
    log.put(5, &state(77, 3));
    bytes.extend(log.seal().unwrap());
    assert_eq!(recover(&owner(), &bytes).unwrap().entries[&5], state(77, 3));
}

/// A crash while a batch is written leaves the state before it; cut off at any byte.
#[test]
fn a_torn_batch_is_dropped_wherever_it_is_cut() {
    let (bytes, ends) = log(&three());
    for cut in 0..=bytes.len() {
        let batches = ends.iter().filter(|end| **end <= cut).count();
        let found = recover(&owner(), &bytes[..cut]).unwrap_or_else(|why| panic!("{cut}: {why}"));
        let (whole, known) = if batches == 0 { (0, 0) } else { (ends[batches - 1], batches - 1) };
        assert_eq!((found.whole, found.entries), (whole, after(&three()[..known])), "cut at {cut}");
    }
}

/// Sectors of 512 bytes of the last batch that have not been written: zeros, or what was there before.
#[test]
fn a_batch_of_which_some_sectors_are_missing_is_dropped() {
    let (bytes, ends) = log(&three());
    for old in [0_u8, 0xff, 0x5a] {
        let sectors: Vec<usize> = (ends[2] / 512..=bytes.len() / 512).collect();
        for missing in 1..1_u32 << sectors.len() {
            let mut torn = bytes.clone();
            for (_, sector) in sectors.iter().enumerate().filter(|(k, _)| missing >> k & 1 == 1) {
                let (from, to) = ((sector * 512).max(ends[2]), ((sector + 1) * 512).min(bytes.len()));
                torn[from..to].fill(old);
            }
            let found = recover(&owner(), &torn).unwrap_or_else(|why| panic!("{missing:b}: {why}"));
            assert_eq!((found.whole, found.entries), (ends[2], after(&three()[..2])), "{missing:b} of {old}");
        }
    }
}

/// One flipped bit anywhere: never another state than the last, and never an older one.
#[test]
fn a_flipped_bit_is_a_refusal() {
    let (bytes, ends) = log(&three());
    let (mut header, mut middle, mut last) = (0, 0, 0);
    for bit in 0..8 * bytes.len() {
        let mut rotten = bytes.clone();
        rotten[bit / 8] ^= 1 << (bit % 8);
        match recover(&owner(), &rotten) {
            Err(Refusal::Damaged { at: 0, .. } | Refusal::NoLog) => header += 1,
            Err(Refusal::Damaged { at, .. }) if at == ends[2] => last += 1,
            Err(Refusal::Damaged { .. }) => middle += 1,
            other => panic!("bit {bit}: {other:?}"),
        }
    }
    assert_eq!([header, middle, last], [8 * HEADER, 8 * (ends[2] - HEADER), 8 * (bytes.len() - ends[2])]);
}

#[test]
fn a_batch_in_the_wrong_place_is_a_refusal() {
    let (bytes, ends) = log(&three());
    // The second batch is not there: the write went elsewhere.
    let missing = [&bytes[..ends[1]], &bytes[ends[2]..]].concat();
    assert_eq!(recover(&owner(), &missing), Err(Refusal::Damaged { at: ends[1], why: "a batch is missing before it" }));
    // It is there, but holes are before what follows.
    let mut hole = bytes.clone();
    hole[ends[1]..ends[2]].fill(0);
    assert_eq!(recover(&owner(), &hole), Err(Refusal::Damaged { at: ends[1], why: "a whole batch follows" }));
}

#[test]
fn logs_of_others_are_refused_by_name() {
    let (bytes, _) = log(&three());
    for (other, what) in [
        (Owner { cluster: 8, ..owner() }, "cluster"),
        (Owner { fingerprint: 1, ..owner() }, "algorithm"),
        (Owner { process: Pid::new(2), ..owner() }, "process"),
    ] {
        assert_eq!(recover(&other, &bytes), Err(Refusal::Foreign { what }));
    }
    assert_eq!(recover(&owner(), b"something else, and long enough for a header"), Err(Refusal::NoLog));
    assert_eq!(recover(&owner(), &[]).unwrap().whole, 0);
}

proptest! {
    /// Any bytes are read or refused, and what is said to be whole is.
    #[test]
    fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..300), keep in 0_usize..2000) {
        let (bytes, _) = log(&three());
        let bytes = [&bytes[..keep.min(bytes.len())], &tail].concat();
        if let Ok(found) = recover(&owner(), &bytes) {
            let again = recover(&owner(), &bytes[..found.whole]).expect("it is whole");
            prop_assert_eq!(again, found);
        }
    }

    /// The clever search for one flip against trying all.
    #[test]
    fn one_flip_is_found_where_there_is_one(size in 0_usize..40, flips in proptest::collection::vec(any::<proptest::sample::Index>(), 0..4)) {
        let (bytes, ends) = log(&[vec![(6, state(3, size))]]);
        let mut batch = bytes[ends[0]..].to_vec();
        for flip in flips {
            let bit = flip.index(8 * batch.len());
            batch[bit / 8] ^= 1 << (bit % 8);
        }
        let whole = |bytes: &[u8]| super::batch(bytes).is_some_and(|(_, entries)| entries.len() + AROUND == bytes.len());
        let one = (0..8 * batch.len()).any(|bit| {
            let mut mended = batch.clone();
            mended[bit / 8] ^= 1 << (bit % 8);
            whole(&mended)
        });
        prop_assert_eq!(is_one_flip(&batch), one && !whole(&batch));
    }
}
