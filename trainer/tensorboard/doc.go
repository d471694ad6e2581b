// Package tensorboard writes scalars in the event files that TensorBoard
// shows, and reads back what it wrote.
//
// An event file is a sequence of TFRecords (length, masked CRC-32C of the
// length, payload, masked CRC-32C of the payload), each one Event message in
// protobuf encoding. Only the fields that scalars need are written: file
// version, wall time, step, tag and simple value.
//
// The bytes are a function of what is passed in. The wall time of an event is
// therefore not a clock but its step in seconds, so a resumed training run
// writes the file that an unbroken one would have written; TensorBoard's
// STEP axis is the one to read, and its RELATIVE axis counts steps.
//
// It does not write histograms, images or graphs, and does not talk to
// TensorBoard.
package tensorboard
