// Command haetae guards AWS accounts: it reads what is there, judges it, and
// says what is wrong, why, and how to mend it. See `haetae -h`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/collect"
)

// Exit codes are a contract with scripts and CI.
const (
	exitOK         = 0
	exitFound      = 1 // found something at or above --fail-on
	exitUsage      = 2
	exitIncomplete = 3 // could not finish, or coverage is below --min-coverage
)

// exit is an error that only carries an exit code: all has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usage marks an error of the command line itself.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// app is what every command needs of its surroundings.
type app struct {
	in       io.Reader
	out, err io.Writer

	lang    string
	quiet   bool
	noColor bool
	data    string
	config  string
	content []string

	excepted        []string // files and folders of exceptions
	exceptionsLimit string
	retention       string // how long the store keeps what holds no more

	journal *collect.Journal // of the scan that is under way; nil when there is none
}

func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	a := &app{in: in, out: out, err: errw}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	err := root.ExecuteContext(ctx)
	if over := a.over(false); err == nil {
		err = over
	}
	return a.finish(ctx, err)
}

// finish turns the error of a command into what the user reads and the code
// that scripts read.
func (a *app) finish(ctx context.Context, err error) int {
	var code exit
	var use usage
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() != nil:
		fmt.Fprintln(a.err, "haetae: interrupted")
		return exitIncomplete
	}
	fmt.Fprintf(a.err, "haetae: %v\n", err)
	if hint := haetae.HintOf(err); hint != "" {
		fmt.Fprintf(a.err, "  %s\n", hint)
	}
	if errors.As(err, &use) || strings.HasPrefix(err.Error(), "unknown command") {
		fmt.Fprintln(a.err, "  haetae -h lists the commands; haetae COMMAND -h shows examples.")
		return exitUsage
	}
	return exitIncomplete
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "haetae",
		Short: "Guards AWS accounts: what is wrong, why, and how to mend it",
		Long: `haetae (해태) reads AWS resources from templates, AWS CLI output or snapshots,
judges them, and says what is wrong, why it matters and how to mend it.
What it could not read is UNKNOWN with the reason, never a guess.`,
		Example: `  haetae scan --from sample
  haetae scan --from template.yaml --output sarif`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.environment(cmd)
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	f := root.PersistentFlags()
	f.StringVar(&a.lang, "lang", "", "language of the output: en or ko (HAETAE_LANG, else the locale)")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no progress and advice on stderr")
	f.BoolVar(&a.noColor, "no-color", false, "no colour, also on a terminal (NO_COLOR)")
	f.StringVar(&a.data, "data", "", "data directory (HAETAE_DATA, else the platform's place for state)")
	f.StringVar(&a.config, "config", "", "file of settings (HAETAE_CONFIG, else haetae.yaml in the data directory): flags by name, those of a command below its name")
	f.StringArrayVar(&a.content, "content", nil, "folder of further controls; may be repeated (HAETAE_CONTENT)")
	f.StringArrayVar(&a.excepted, "exceptions", nil, "YAML file, or folder of them, of findings that are accepted for a time; may be repeated (HAETAE_EXCEPTIONS)")
	f.StringVar(&a.exceptionsLimit, "exceptions-limit", "400d", "how far ahead an exception may expire; none for no limit")
	f.StringVar(&a.retention, "retention", "7y", "how long the store keeps what holds no more: 90d, 7y, or none for ever")
	root.AddCommand(a.scanCommand(), a.detectCommand(), a.logsCommand(), a.addressCommand(), a.trailCommand(), a.collectCommand(), a.diffCommand(), a.findingsCommand(), a.storeCommand(), a.queryCommand(), a.netCommand(), a.contentCommand(), a.explainCommand(),
		a.doctorCommand(), a.iamCommand(), a.policyCommand(), a.permissionsCommand(), a.sampleCommand(), a.versionCommand(), a.queryProcessCommand())
	return root
}

// environment fills in what flags do not say.
func (a *app) environment(cmd *cobra.Command) error {
	if a.data == "" {
		a.data = os.Getenv("HAETAE_DATA")
	}
	if err := a.configure(cmd); err != nil {
		return err
	}
	if a.lang == "" {
		a.lang = os.Getenv("HAETAE_LANG")
	}
	if a.lang == "" {
		a.lang = "en"
		for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
			if s := os.Getenv(v); s != "" {
				if strings.HasPrefix(s, "ko") {
					a.lang = "ko"
				}
				break
			}
		}
	}
	if a.lang != "en" && a.lang != "ko" {
		return usagef("--lang %s: haetae speaks en and ko", a.lang)
	}
	if !cmd.Flags().Changed("content") {
		if s := os.Getenv("HAETAE_CONTENT"); s != "" {
			a.content = strings.Split(s, string(os.PathListSeparator))
		}
	}
	if !cmd.Flags().Changed("exceptions") {
		if s := os.Getenv("HAETAE_EXCEPTIONS"); s != "" {
			a.excepted = strings.Split(s, string(os.PathListSeparator))
		}
	}
	return nil
}

// color tells whether stdout wants colour.
func (a *app) color() bool {
	return !a.noColor && os.Getenv("NO_COLOR") == "" && isTerminal(a.out)
}

// width is the width of the terminal, 0 when stdout is none.
func (a *app) width() int {
	if f, ok := a.out.(*os.File); ok && isTerminal(a.out) {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil {
			return w
		}
	}
	return 0
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// advise prints a line for people on stderr.
func (a *app) advise(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}
