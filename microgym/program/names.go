package program

import "math/rand/v2"

// pick draws one of the choices.
func pick[T any](r *rand.Rand, choices ...T) T {
	return choices[r.IntN(len(choices))]
}

// wordList returns the shared list that "@name" stands for in a draw. Lists
// hold what several domains use as data; names of functions and parameters
// stay with their template, where they mean something.
func wordList(name string) []string {
	switch name {
	case "people":
		return []string{"ana", "bo", "cleo", "dev", "eli", "finn", "gus", "hana", "ivy", "jo", "kai", "lena", "max", "nora", "omar", "pia"}
	case "goods":
		return []string{"apple", "bread", "candle", "desk", "egg", "fork", "glue", "hammer", "ink", "jam", "kettle", "lamp", "mug", "nail", "oil", "pen"}
	case "places":
		return []string{"bern", "cairo", "delhi", "fargo", "genoa", "hanoi", "lima", "nome", "oslo", "perth", "quito", "riga", "tunis", "york"}
	case "colours":
		return []string{"red", "blue", "green", "black", "white", "grey", "pink", "teal", "gold", "brown"}
	case "tags":
		return []string{"new", "old", "hot", "cold", "big", "small", "fast", "slow", "open", "done", "draft", "late"}
	case "letters":
		return []string{"a", "b", "c", "d", "e", "f", "g", "h", "k", "m", "p", "q", "s", "t", "w", "z"}
	}
	panic("program: no word list is called " + name)
}
