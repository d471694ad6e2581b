// Package comm moves numbers between the ranks of a training run.
//
// A [Comm] is one rank's end of a group of ranks. Its operations are
// collectives: every rank of the group calls the same one, with sizes that fit,
// in the same order, and each returns when this rank has what it is due. Three
// implementations stand behind the interface and pass one suite: [Local] for
// ranks in one process, [Join] for processes that meet over TCP or Unix
// sockets, and, with build tag mpi, [JoinMPI] for clusters.
//
// What it promises:
//
//   - Sums are taken in the order of ranks by Local and Join, so they are the
//     same bits on every rank and over both. MPI adds in its own order.
//   - An operation ends. A rank that dies, leaves, falls silent or gives up is
//     a [RankError] on all others that names it, within [Limits]; from then on
//     the comm is broken and says so at every call.
//   - Ranks that are not in the same operation, or disagree about its sizes,
//     get an error and not each other's numbers.
//   - A stranger on the port can neither join nor make this rank allocate or
//     wait: until a connection has proved that it knows the token, messages
//     have a fixed size and a deadline. The token itself is never sent.
//
// Ranks of one machine lend each other large messages instead of sending them:
// the receiver reads them where they lie in the sender's memory (Linux, one
// user), after each side has proved which process it is.
//
// What it does not do. After the handshake, bytes travel in the clear and
// unsigned: across machines it belongs on a network that is trusted. It does
// not retry, and does not bring back a lost rank: a run resumes from its last
// checkpoint.
//
// One goroutine at a time may use a comm and the groups made from it, so that
// the operations of a rank have one order. MPI is called from one thread.
package comm
