package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/permission"
)

// referenceList is where AWS lists the files of its service reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html).
const referenceList = "https://servicereference.us-east-1.amazonaws.com/v1/service-list.json"

// referenceBytes bounds one file of the reference; the longest, of ec2, has
// about a megabyte.
const referenceBytes = 32 << 20

func (a *app) permissionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "permissions",
		Short: "What IAM actions there are: levels, resources, condition keys",
		Long: `What IAM actions there are, from the data that is built in, or that
haetae permissions update fetched, whichever is newer. An action that it does
not have may be newer than it.`,
		Example: `  haetae permissions show s3:GetObject
  haetae permissions list 'iam:*Role*'`,
	}
	var output string
	show := &cobra.Command{
		Use: "show ACTION|KEY…", Short: "Show actions with their resource types, ARNs and condition keys; or condition keys", Args: cobra.MinimumNArgs(1),
		Example: `  haetae permissions show s3:GetObject
  haetae permissions show aws:SourceIp s3:prefix
  haetae permissions show ec2:RunInstances --output json`,
		RunE: func(_ *cobra.Command, args []string) error { return a.permissionsShow(args, output) },
	}
	list := &cobra.Command{
		Use: "list [PATTERN…]", Short: "List the actions that patterns of a policy cover",
		Example: `  haetae permissions list 'iam:*Role*'
  haetae permissions list 's3:Put*' 's3:Delete*' --output json`,
		RunE: func(_ *cobra.Command, args []string) error { return a.permissionsList(args, output) },
	}
	for _, c := range []*cobra.Command{show, list} {
		c.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	}
	var reference string
	update := &cobra.Command{
		Use: "update", Short: "Fetch AWS's service reference and keep it in the data directory", Args: cobra.NoArgs,
		Example: `  haetae permissions update
  haetae permissions update --reference ./service-reference`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.permissionsUpdate(cmd.Context(), reference) },
	}
	update.Flags().StringVar(&reference, "reference", referenceList, "`folder` of its JSON files, or the URL of the list of them")
	cmd.AddCommand(show, list, update)
	return cmd
}

// permissions is the newest catalogue: the one in the data directory, or the
// built-in one.
func (a *app) permissions() (*permission.Catalogue, error) {
	built, err := permission.Embedded()
	if err != nil {
		return nil, fmt.Errorf("built-in permissions: %w", err)
	}
	path, err := a.permissionsFile()
	if err != nil {
		return built, nil //nolint:nilerr // no home, no state: there is only the built-in one
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return built, nil
	}
	if err == nil {
		var kept *permission.Catalogue
		if kept, err = permission.ReadCatalogue(data); err == nil {
			if kept.Version().Date > built.Version().Date {
				return kept, nil
			}
			return built, nil
		}
	}
	return nil, &haetae.Error{Code: haetae.Unavailable, Op: "read " + path, Err: err, Hint: "Remove the file, or write it anew with haetae permissions update."}
}

func (a *app) permissionsFile() (string, error) {
	dir, err := a.dataDir()
	return filepath.Join(dir, "permissions.gz"), err
}

// permissionView is an action as JSON.
type permissionView struct {
	Action        string         `json:"action"`
	Level         string         `json:"level"`
	Resources     []resourceView `json:"resources"`
	ConditionKeys []keyView      `json:"condition_keys"`
	Cases         []caseView     `json:"cases,omitempty"`
}

type resourceView struct {
	Type          string    `json:"type"`
	Need          string    `json:"need"`
	ARNs          []string  `json:"arns,omitempty"`
	ConditionKeys []keyView `json:"condition_keys,omitempty"`
}

type keyView struct {
	Key         string `json:"key"`
	Type        string `json:"type"`
	Multivalued bool   `json:"multivalued,omitempty"`
}

// kind is the key's type for people.
func (k keyView) kind() string {
	if k.Multivalued {
		return k.Type + ", several"
	}
	return k.Type
}

type caseView struct {
	Name      string         `json:"name"`
	Resources []resourceView `json:"resources"`
}

func viewOfKeys(keys []*permission.Key) []keyView {
	out := make([]keyView, len(keys))
	for i, k := range keys {
		out[i] = keyView{k.Name, k.Kind.String(), k.Multivalued}
	}
	return out
}

func viewOfAction(act *permission.Action) permissionView {
	v := permissionView{Action: act.String(), Level: act.Level.String(), ConditionKeys: viewOfKeys(act.Keys), Resources: []resourceView{}}
	for _, r := range act.Resources {
		v.Resources = append(v.Resources, resourceView{r.Type.Name, r.Need.String(), r.Type.ARNs, viewOfKeys(r.Keys)})
	}
	for _, c := range act.Cases {
		one := caseView{Name: c.Name}
		for _, r := range c.Resources {
			one.Resources = append(one.Resources, resourceView{Type: r.Type.Name, Need: r.Need.String()})
		}
		v.Cases = append(v.Cases, one)
	}
	return v
}

func (a *app) permissionsShow(names []string, output string) error {
	if err := formatOf(output, "table", "json"); err != nil {
		return err
	}
	c, err := a.permissions()
	if err != nil {
		return err
	}
	views, keys := []permissionView{}, []*permission.Key{}
	for _, n := range names {
		service, name, _ := strings.Cut(n, ":")
		act, ok := c.Action(service, name)
		if !ok {
			if k, ok := c.Key(n); ok {
				keys = append(keys, k)
				continue
			}
			return usage{&haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s is no action and no condition key of %s", n, c.Version()),
				Hint: "haetae permissions list 'SERVICE:*' lists those of a service; AWS may have newer ones: haetae permissions update."}}
		}
		views = append(views, viewOfAction(act))
	}
	if output == "json" {
		return printed(encoder(a.out).Encode(map[string]any{"version": c.Version(), "actions": views, "condition_keys": viewOfKeys(keys)}))
	}
	if len(keys) > 0 {
		rows := make([][]string, len(keys))
		for i, k := range viewOfKeys(keys) {
			rows[i] = []string{k.Key, k.kind(), map[bool]string{true: "any request", false: ""}[keys[i].Global]}
		}
		if err := grid(a.out, []string{"CONDITION KEY", "TYPE", "IN"}, rows); err != nil {
			return err
		}
	}
	for i, v := range views {
		if i > 0 || len(keys) > 0 {
			fmt.Fprintln(a.out)
		}
		if err := a.printPermission(v); err != nil {
			return err
		}
	}
	a.advise("(%s)", c.Version())
	return nil
}

func (a *app) printPermission(v permissionView) error {
	fmt.Fprintf(a.out, "%s (%s)\n", v.Action, v.Level)
	if len(v.Resources) == 0 {
		fmt.Fprintln(a.out, "resources: none, only \"*\"")
	}
	var rows [][]string
	for _, r := range v.Resources {
		rows = append(rows, []string{r.Type, r.Need, strings.Join(r.ARNs, ", ")})
	}
	if len(rows) > 0 {
		fmt.Fprintln(a.out)
		if err := grid(a.out, []string{"RESOURCE", "NEED", "ARN"}, rows); err != nil {
			return err
		}
	}
	rows = nil
	add := func(keys []keyView, of string) {
		for _, k := range keys {
			rows = append(rows, []string{k.Key, k.kind(), of})
		}
	}
	add(v.ConditionKeys, "")
	for _, r := range v.Resources {
		add(r.ConditionKeys, r.Type)
	}
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(a.out)
	return grid(a.out, []string{"CONDITION KEY", "TYPE", "FOR"}, rows)
}

func (a *app) permissionsList(patterns []string, output string) error {
	if err := formatOf(output, "table", "json"); err != nil {
		return err
	}
	c, err := a.permissions()
	if err != nil {
		return err
	}
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	chosen := make([]bool, c.Len())
	for _, p := range patterns {
		n := 0
		for act := range c.Match(p) {
			chosen[act.ID] = true
			n++
		}
		if n == 0 {
			return usage{&haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s covers no action of %s", p, c.Version()),
				Hint: "A pattern is SERVICE:NAME with * and ?; AWS may have newer actions: haetae permissions update."}}
		}
	}
	views := []permissionView{}
	var rows [][]string
	for id, is := range chosen {
		act, ok := c.ByID(id)
		if !is || !ok {
			continue
		}
		if output == "json" {
			views = append(views, viewOfAction(act))
			continue
		}
		types := make([]string, len(act.Resources))
		for i, r := range act.Resources {
			types[i] = r.Type.Name
			if r.Need == permission.Required {
				types[i] += "*"
			}
		}
		rows = append(rows, []string{act.String(), act.Level.String(), strings.Join(types, " ")})
	}
	if output == "json" {
		return printed(encoder(a.out).Encode(map[string]any{"version": c.Version(), "actions": views}))
	}
	if err := grid(a.out, []string{"ACTION", "LEVEL", "RESOURCES (* REQUIRED)"}, rows); err != nil {
		return err
	}
	a.advise("%s actions (%s)", strconv.Itoa(len(rows)), c.Version())
	return nil
}

func (a *app) permissionsUpdate(ctx context.Context, reference string) error {
	path, err := a.permissionsFile()
	if err != nil {
		return err
	}
	known, err := permission.Embedded()
	if err != nil {
		return fmt.Errorf("built-in permissions: %w", err)
	}
	folder := reference
	if u, err := url.Parse(reference); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		if folder, err = os.MkdirTemp("", "haetae-reference-"); err != nil {
			return &haetae.Error{Code: haetae.Unavailable, Op: "make a folder for the service reference", Err: err}
		}
		defer os.RemoveAll(folder)
		if err := fetchReference(ctx, u, folder); err != nil {
			return &haetae.Error{Code: haetae.Unavailable, Op: "fetch AWS's service reference", Err: err, Hint: "Fetch it where the network is, and give the folder with --reference."}
		}
	}
	v, services, err := permission.ReadReference(os.DirFS(folder), time.Now().UTC().Format(time.DateOnly), known)
	if err != nil {
		return usage{&haetae.Error{Code: haetae.Invalid, Op: "read the service reference in " + folder, Err: err, Hint: "Give the folder of its JSON files, one for each service."}}
	}
	var b bytes.Buffer
	if err := permission.WriteCatalogue(&b, v, services); err != nil {
		return fmt.Errorf("service reference in %s: %w", folder, err)
	}
	c, err := permission.ReadCatalogue(b.Bytes())
	if err != nil {
		return fmt.Errorf("service reference in %s: %w", folder, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &haetae.Error{Code: haetae.Unavailable, Op: "make the data directory", Err: err, Hint: "Give a data directory that can be written with --data."}
	}
	if err := writeFile(path, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s: %d services, %d actions (built in: %d)\n", path, len(services), c.Len(), known.Len())
	return printed(err)
}

// fetchReference fetches the list and the files that it names into a folder,
// eight at a time. Files elsewhere than the list are not fetched.
func fetchReference(ctx context.Context, list *url.URL, folder string) error {
	data, err := fetch(ctx, list.String())
	if err != nil {
		return err
	}
	var entries []struct{ Service, URL string }
	if err := json.Unmarshal(data, &entries); err != nil {
		return fmt.Errorf("%s: %w", list, err)
	}
	errs := make([]error, len(entries))
	places := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for i, e := range entries {
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			u, err := list.Parse(e.URL)
			if err == nil && (u.Host != list.Host || u.Scheme != list.Scheme) {
				err = fmt.Errorf("%s is not at %s", e.URL, list.Host)
			}
			var data []byte
			if err == nil {
				data, err = fetch(ctx, u.String())
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, strconv.Itoa(i)+".json"), data, 0o600)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func fetch(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, referenceBytes+1))
	if err == nil && len(data) > referenceBytes {
		err = fmt.Errorf("more than %d bytes", referenceBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return data, nil
}
