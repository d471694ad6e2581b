package r2egym

import "github.com/swerm/swerm/sources/chat"

type document struct {
	steps      []step
	problem    *string
	image      string
	experiment string
	exit       *string
	patch      *string
	reward     *float64
	testOutput *string
	agent      agent
	task       task
	limits     chat.Rest
	claims     chat.Rest
	rest       chat.Rest
}

type agent struct {
	model  string
	local  string // path of weights
	system *string
	rest   chat.Rest
}

type task struct{ instance, repo, repoName, baseCommit, commit, language, created, license string }

type step struct {
	thought     *string
	action      *string
	observation *string
	said        *chat.Message // assistant_message
	reasoning   *string
	reward      *float64
	prompt      *int64
	completion  *int64
	total       *float64 // seconds since the beginning
	rest        chat.Rest
}
