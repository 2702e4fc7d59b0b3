package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

// TagsOp is the operation that tells the tags of all that has any in a region,
// or had once. What it does not name has none
// (https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html).
const TagsOp = "resourcegroupstaggingapi:GetResources"

// bulkTags is the call that saves one for each tagged resource; see [Call].Tags.
func bulkTags() Call {
	return Call{
		Op: TagsOp, Actions: []string{"tag:GetResources"}, Member: "ResourceTagMappingList",
		Read: func(*Answer) []*haetae.Resource { return nil }, // see Builder.hearTags
	}
}

// hearTags keeps the tags of an answer by ARN.
func (b *Builder) hearTags(a *Answer) {
	for m := range a.each("ResourceTagMappingList") {
		list, _ := m["Tags"].([]any)
		b.tags[str(m, "ResourceARN")] = list
	}
}

// bulkTold tells whether all tags of the resource's region are known.
func (b *Builder) bulkTold(e *entry) bool {
	o := b.ops[asked{e.Account, e.Region, TagsOp}]
	return e.Region != "" && o.answered() && !o.unfinished()
}

// bulkValue is the property that a call of tags would have given.
func (b *Builder) bulkValue(e *entry, c *Call) any {
	b.nameARN(e)
	list := b.tags[strings.TrimSuffix(e.ARN, ":*")]
	if c.Tags == "map" {
		m := map[string]any{}
		for t := range objects(list) {
			m[str(t, "Key")] = t["Value"]
		}
		return m
	}
	return append([]any{}, list...)
}
