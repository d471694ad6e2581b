package objective_test

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/swerm/swerm/trainer/objective"
)

// Hinge asks for a margin of one on the right side, squared so that the
// gradient is smooth: softplus(1 - s m)^2 with s = 2t - 1.
func Hinge() objective.Objective {
	return objective.Objective{Name: "hinge", Terms: func(in objective.Inputs) *gorgonia.Node {
		side := objective.Sub(objective.Scale(2, in.Target), objective.Const(1))
		short := objective.Sub(objective.Const(1), objective.Mul(side, in.Margin()))
		return objective.Square(objective.Softplus(short))
	}}
}

// A new objective is one expression; its gradient comes with it.
func ExampleObjective() {
	loss := objective.NewLoss(Hinge())
	logits := []objective.Logits{{Yes: 2, No: 0}, {Yes: 2, No: 0}}
	rows := []objective.Row{{Target: 1, Weight: 1}, {Target: 0, Weight: 1}}
	grad := make([]objective.Logits, len(rows))
	sum, err := loss.Sum(logits, rows, 1/loss.WeightSum(rows), grad)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("mean loss %.4f\n", sum/loss.WeightSum(rows))
	fmt.Printf("dLoss/dYes right %.4f wrong %.4f\n", grad[0].Yes, grad[1].Yes)
	// Output:
	// mean loss 4.6960
	// dLoss/dYes right -0.0842 wrong 2.9040
}
