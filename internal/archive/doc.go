// Package archive walks trees of files as they are found: a directory, a
// pattern, an archive (tar, plain or gzip, zstd, xz; zip), or one file that may itself
// be compressed. Importers and labelers read the same trees through it, so that
// a path means the same to both.
//
// It promises one order for one tree (directories sorted, archives in member
// order), bounded memory whatever the tree holds, and that nothing outside the
// root is ever opened: a member whose path leaves the root is an error of that
// member, links and devices are reported and never followed. Streams that grow
// out of proportion to what was read are cut off (see [Limits]).
//
// It does not look into archives inside archives, does not write, and does not
// judge what a file holds.
package archive
