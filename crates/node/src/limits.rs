//! Every limit of a node, with its unit. Each is hit by a test.

/// The longest frame, in bytes: what one UDP datagram can carry, with room to spare.
pub const MAX_FRAME: usize = 65_000;

/// Of how many instances a frame may speak, with the counts of its sections added up. It bounds what one frame can make a node do.
pub const MAX_MESSAGES_PER_FRAME: usize = 16_384;

/// The longest encoded message of an algorithm, in bytes. A longer one stops the instance with an alarm: it could never be sent.
pub const MAX_MESSAGE: usize = 60_000;

/// How many rounds ahead of the own one a message may claim to be. Frames that claim more are dropped and counted, so that a claim of
/// round 2^60 does not make a node run away.
pub const MAX_ROUNDS_AHEAD: u64 = 1 << 16;

/// How many rounds an instance executes in one event; the rest follow on the next timer, which is due at once.
pub const ROUNDS_PER_EVENT: usize = 64;

/// How many rounds back the own messages of rounds that may block are kept for peers that ask again. A peer further behind waits for
/// the decision.
pub const HISTORY_ROUNDS: usize = 64;

/// How many messages of later phases an instance keeps for each sender. When there are more, that of the farthest round is dropped.
/// Those of the same phase need no limit: there is a place for one of each sender in each round.
pub const EARLY_PER_SENDER: usize = 16;

/// How many bytes of messages of later phases an instance keeps for each sender. Policy as for [`EARLY_PER_SENDER`].
pub const EARLY_BYTES_PER_SENDER: usize = 128 * 1024;

/// How many bytes may wait between two polls, for one destination, and again for all of them. What does not fit is dropped and counted:
/// it is a lost message.
pub const MAX_LANE_BYTES: usize = 4 * 1024 * 1024;

/// How many requests of the application may wait at an instance.
pub const MAX_REQUESTS: usize = 1024;

/// How far round time-outs may grow, in multiples of the configured one.
pub const MAX_BACK_OFF: u64 = 32;
