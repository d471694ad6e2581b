// Package tokenizer turns text into token ids and back, exactly as Hugging
// Face tokenizers does for the byte-level BPE that Qwen2 and Qwen3 use.
//
// A tokenizer.json is read whole ([Load], [Parse]) and refused unless every
// part of it is one whose effect on ids is known here:
//
//	normalizer      none, NFC
//	pre_tokenizer   Split by the Qwen2/Qwen3 pattern, then ByteLevel; or the
//	                ByteLevel default (the GPT-2 pattern)
//	model           BPE over all 256 bytes, merges as pairs or as strings
//	post_processor  none, ByteLevel
//	added tokens    matched as written; normalized or not
//
// Anything else is an error that names the field. A tokenizer that is nearly
// right would train a model on ids that no other program gives, so nothing is
// guessed.
//
// There are two ways in. [Tokenizer.EncodeSpecial] matches added tokens such
// as <|im_start|> in the text, as the Python library does when it is called
// with add_special_tokens=False. [Tokenizer.Encode] does not: text that spells
// an added token becomes ordinary tokens, so what a stranger wrote can never
// open or close a turn. A file whose merges could build an added token from
// its letters is refused for the same reason.
//
// Text that is not valid UTF-8 is read as Go's range loop reads it: every byte
// that begins no valid character counts as U+FFFD.
//
// A [Tokenizer] is immutable and safe for concurrent use. An [Encoder] holds
// the scratch space and the word cache of one goroutine; its memory is fixed
// but for the longest word met. Time is linear in the text, with a logarithmic
// factor inside one word, whatever the text is.
//
// [Train] learns a vocabulary from text and writes the same kind of file. Same
// texts and options give the same bytes, whatever the number of workers.
//
// The package does not pad, truncate, build chat prompts or return offsets.
package tokenizer
