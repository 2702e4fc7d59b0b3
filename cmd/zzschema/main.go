package main
import ("fmt";"os";"strings";"github.com/haetae/haetae/schema")
func main() {
	s, err := schema.Load(); if err != nil { panic(err) }
	for _, n := range os.Args[1:] {
		t, ok := s.Type(n)
		if !ok { fmt.Println(n, "NO SUCH TYPE; like:"); for _, x := range s.Names() { if strings.Contains(strings.ToLower(x), strings.ToLower(n[strings.LastIndex(n,":")+1:])) { fmt.Println("   ", x) } }; continue }
		fmt.Printf("%s id=%v arn=%s\n", n, t.PrimaryID, t.ARN)
		fmt.Println("  P", t.Props.Names()); fmt.Println("  O", t.Observed.Names())
	}
}
