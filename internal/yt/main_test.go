package yt
import ("testing";"fmt";"github.com/goccy/go-yaml";"github.com/goccy/go-yaml/parser";"strings";"time")
type N struct{A int `yaml:"a" json:"a"`; B float64 `yaml:"b"`; P *int `yaml:"p"`; L []string `yaml:"l"`}
type C struct{X N `yaml:"x"`; Y string `yaml:"y"`}
func TestX(t *testing.T){
 c:=C{X:N{A:1,B:2,L:[]string{"d"}},Y:"d"}
 fmt.Println(yaml.UnmarshalWithOptions([]byte("x: {b: 1e-3}\n"),&c,yaml.Strict()), c)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("x: {zz: 1e-3}\n"),&c,yaml.Strict()), c)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("x: {a: foo}\n"),&c,yaml.Strict()), c)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("y: 01234\n"),&c,yaml.Strict()), c.Y)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("y: 1.10\n"),&c,yaml.Strict()), c.Y)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("x: {a: 1.5}\n"),&c,yaml.Strict()), c.X.A)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("x: {b: nan}\n"),&c,yaml.Strict()), c.X)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("x:\n"),&c,yaml.Strict()), c.X)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("- a\n"),&c,yaml.Strict()), c.X)
 fmt.Println(yaml.UnmarshalWithOptions([]byte("x: {a: 1}\nx: {a: 2}\n"),&c,yaml.Strict()), c.X)
 f,err:=parser.ParseBytes([]byte("vars: {REAL: ${SWERM_REAL:-../shared/real}, B: ${A}}\nb: 1\n"),0)
 fmt.Println(err); if err==nil{ fmt.Printf("%s %T\n",f.String(),f.Docs[0].Body)}
 for _,n:=range []int{1000,10000,100000}{ for _,s:=range []string{"[","- ","{a: ","? ","&a ","!!x ", "a: "}{ st:=time.Now(); func(){defer func(){if e:=recover();e!=nil{fmt.Println("panic",s)}}(); if n>=10000 && (s=="- ") {return}; _,err=parser.ParseBytes([]byte(strings.Repeat(s,n)),0)}(); es:="";if err!=nil{es=err.Error();if len(es)>50{es=es[:50]}}; fmt.Println(n,s,time.Since(st),es)}}
}
