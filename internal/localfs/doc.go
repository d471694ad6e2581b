// Package localfs opens local files and walks local folders with the calls that
// the kernel needs and no others. An import opens thousands of small files, and
// package os asks the poller about every one of them (six calls, all of them for
// nothing: regular files are always ready).
//
// A [Dir] is a folder that is held open. What is in it is found by name from
// there: nobody resolves a path twice, and no link planted on the way leads out.
// On Unix links are not followed; elsewhere package os does the work, and follows
// those that stay inside.
//
// It does not replace os.Root, which follows links that stay inside; where a path
// of several elements comes from a file, that is what to use.
package localfs
