package chat

import "github.com/swerm/swerm/sources/jsonscan"

// OptInt reads a whole number where a number stands and steps over anything
// else.
func OptInt(s *jsonscan.Scanner) *int64 {
	if s.Kind() != jsonscan.Number {
		return nil
	}
	return s.OptInt()
}

// OptFloat reads a number where one stands and steps over anything else.
func OptFloat(s *jsonscan.Scanner) *float64 {
	if s.Kind() != jsonscan.Number {
		return nil
	}
	return s.OptFloat()
}
