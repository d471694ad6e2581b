// Package openhandslog reads the logs that OpenHands keeps of its calls of a
// model: one file for each call, with the whole prompt and the answer. The last
// file of a run is the whole dialogue.
//
//	document                                record
//	the folder's name, else the file's      InstanceID
//	response.model, else the file's name    PolicyRaw
//	fncall_messages, raw_messages,          Messages, the first of them that is there
//	  messages, input
//	fncall_response, response               the last message
//	tools, kwargs.tools                     Tools
//	kwargs.{temperature,top_p,…}            Sampling
//	cost, response.usage of all calls       Usage, where all logs of the run are there
//	error.type                              ExitStatus
//
// Which files are records. A log whose prompt is the beginning of a later log's
// prompt, in the same folder, is not an attempt of its own but a part of one: it
// ends with [format.Continued], and the later log gives the record. An answer
// that was thrown away and asked for again ends there too. Logs are put in order
// by the time in their names (model-EPOCH.json); a name without one stands for
// itself. So a folder of one run gives one record for each dialogue in it: the
// policy's, and those of a condenser or of another agent that logs there.
//
// Two encodings. Models that cannot call functions are given the tools as text
// and answer `<function=…>`. Then messages and response hold that text, and
// fncall_messages and fncall_response (in the SDK raw_messages, and response) the
// same dialogue with calls. The calls are kept. The prompt differs between both,
// because the text explains the tools and shows an example: that text, and the
// last answer's, stand in the messages' Extra under text_protocol.
// Without the second encoding the text is kept as it is; the answer may lack its
// closing tag, at which generation was told to stop.
//
// Traps. The last answer stands in neither list. Ids of calls are made up in the
// text protocol and count from toolu_01 in every file. response.model can be
// null behind a gateway. Contents are strings or lists of parts. In the
// Responses API the prompt is instructions and input, and calls are items of
// their own.
//
// Bare lists of the scaffold's messages are read as one dialogue.
//
// What is said of success lies outside these files.
package openhandslog
