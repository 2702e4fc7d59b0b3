package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/iam"
)

func (a *app) iamCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "iam",
		Short: "who may do what, why, and what follows from it",
	}
	c.AddCommand(a.iamCheckCommand(), a.iamEscalationsCommand(), a.iamWhoCanCommand(), a.iamAccessCommand(), a.iamEdgesCommand(), a.iamWhatCanCommand(), a.iamExternalCommand(), a.iamUnusedCommand(), a.iamValidateCommand(), a.iamCompareCommand(), a.iamEvalCommand(), a.iamLeastCommand())
	return c
}

// iamEngine is the evaluator with the newest catalogue of actions.
func (a *app) iamEngine() (*iam.Engine, error) {
	c, err := a.permissions()
	if err != nil {
		return nil, err
	}
	return iam.New(c), nil
}

func (a *app) iamEvalCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "eval [FILE…]",
		Short: "decide requests that bring their policies along: JSON lines in, JSON lines out",
		Long: `Each line is a question: a request, the policies that apply to it and the facts
that matter. Each answer is a line, in the same order; docs/iam-eval.md has the
format. A line that cannot be read gives an error and the run goes on. Without
files, the questions come from stdin.

The exit code is 0 when all lines were answered, whatever the answers, and 3 when
one could not be read.`,
		Example: `  echo '{"id":1,"request":{"principal":"arn:aws:iam::111122223333:user/kim","action":"s3:GetObject","resource":"arn:aws:s3:::photos/a.jpg"},
    "policies":{"identity":[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}]}}' | tr -d '\n' | haetae iam eval
  haetae iam eval questions.ndjson > answers.ndjson`,
		RunE: func(cmd *cobra.Command, files []string) error {
			engine, err := a.iamEngine()
			if err != nil {
				return err
			}
			failed := 0
			if len(files) == 0 {
				if failed, err = a.evalLines(engine, a.in, "stdin"); err != nil {
					return err
				}
			}
			for _, name := range files {
				n, err := a.evalFile(engine, name)
				failed += n
				if err != nil {
					return err
				}
			}
			if failed > 0 {
				fmt.Fprintf(a.err, "%d of the lines could not be answered; each has an \"error\".\n", failed)
				return exit(exitIncomplete)
			}
			return nil
		},
	}
}

func (a *app) evalFile(engine *iam.Engine, name string) (failed int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return a.evalLines(engine, f, name)
}

// evalLines answers line by line. An empty line has no answer.
func (a *app) evalLines(engine *iam.Engine, r io.Reader, name string) (failed int, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	out := bufio.NewWriterSize(a.out, 1<<16)
	defer func() {
		if e := out.Flush(); err == nil {
			err = e
		}
	}()
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return failed, fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			answer := engine.Eval(text)
			if bytes.Contains(answer, []byte(`"error":`)) && !bytes.Contains(answer, []byte(`"decision":`)) {
				failed++
			}
			if _, err := out.Write(append(answer, '\n')); err != nil {
				return failed, err
			}
			if in.Buffered() == 0 { // whoever waits for the answer gets it
				if err := out.Flush(); err != nil {
					return failed, err
				}
			}
		}
		if err != nil {
			return failed, nil
		}
	}
}
