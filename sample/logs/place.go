package logs

import (
	"math/rand/v2"
	"net/netip"
)

// The accounts, the organisation and its regions, as the snapshot has them.
const (
	production  = "111122223333"
	development = "222233334444"
	archive     = "333344445555"
	contractor  = "999988887777"

	organization = "o-haenyeomkt1"
	virginia     = "us-east-1"
	seoul        = "ap-northeast-2"
)

// host is a network interface of the organisation, and the instance that has it.
type host struct {
	name     string
	account  string
	region   string
	vpc      string
	subnet   string
	zone     string // id of the availability zone
	nic      string
	instance string // "" for what is no instance
	private  string
	public   string // "" when it leaves by a NAT gateway
	gateway  *host  // that NAT gateway
}

// outside is the address that the internet sees.
func (h *host) outside() string {
	if h.gateway != nil {
		return h.gateway.public
	}
	return h.public
}

const (
	shopVPC  = "vpc-042f901c0b1cd7ef9"
	batchVPC = "vpc-06a91a9747be03f0c"
	devVPC   = "vpc-08f7366e015c5af79"
	seoulVPC = "vpc-07a47ff883ebc65d5" // development's default VPC there
)

// places are the interfaces that traffic goes through; a test holds them against
// the snapshot.
type places struct {
	balancers, legacyBalancers []*host
	natA, natB                 *host
	shop                       []*host // that the load balancer of the shop spreads to
	runner                     *host
	settlement                 *host
	legacy                     []*host
	orders, reports, legacyDB  *host
	bench, testDB, loadtest    *host
	nodes                      []*host // of the cluster; the snapshot has them not
}

func newPlaces() *places {
	at := func(name, zone, subnet, nic, instance, private, public string) *host {
		return &host{name: name, account: production, region: virginia, vpc: shopVPC, subnet: subnet, zone: zone, nic: nic,
			instance: instance, private: private, public: public}
	}
	const publicA, publicB, publicC = "subnet-00f187f76c1321f81", "subnet-00e2027993395445c", "subnet-06a95cdceea41e65a"
	const appA, appB, appC = "subnet-0fc05dc49a26b3548", "subnet-08f85c35aa9568591", "subnet-06eef9175ca32ba65"
	const dataA, dataB = "subnet-0380d3c5e6be1ef74", "subnet-00b9baabaecdcc6d8"
	p := &places{
		balancers: []*host{
			at("shop", "use1-az1", publicA, "eni-089980d8082e82c98", "", "10.20.0.12", "203.0.113.41"),
			at("shop", "use1-az2", publicB, "eni-03b84c77ca9b8cf98", "", "10.20.1.12", "203.0.113.42"),
			at("shop", "use1-az4", publicC, "eni-030ae6ec13a23b3d0", "", "10.20.2.12", "203.0.113.43"),
		},
		legacyBalancers: []*host{
			at("legacy-shop", "use1-az1", publicA, "eni-02eae46b26d615847", "", "10.20.0.13", "203.0.113.44"),
			at("legacy-shop", "use1-az2", publicB, "eni-069138edd6ac68bb0", "", "10.20.1.13", "203.0.113.45"),
		},
		natA: at("nat-a", "use1-az1", publicA, "eni-0388658f407bfbada", "", "10.20.0.5", "203.0.113.10"),
		natB: at("nat-b", "use1-az2", publicB, "eni-026a364ce0728bb65", "", "10.20.1.5", "203.0.113.11"),
		shop: []*host{
			at("shop-app", "use1-az1", appA, "eni-0ba57de2433abaee3", "i-0d43750a6f9ec1706", "10.20.16.41", ""),
			at("shop-app", "use1-az2", appB, "eni-0bcc1106f30888c21", "i-04f2483b6833db739", "10.20.20.17", ""),
		},
		runner: at("report-runner", "use1-az4", appC, "eni-0dc1c28e6a0f5d3a3", "i-0b778d3f089b5f246", "10.20.24.90", ""),
		legacy: []*host{
			at("legacy-web-1", "use1-az1", publicA, "eni-0defdd45382ca7583", "i-0ba0815b4cd71a69a", "10.20.0.31", "203.0.113.31"),
			at("legacy-web-2", "use1-az1", publicA, "eni-08e587697d739a105", "i-0808491c1c2158d26", "10.20.0.32", "203.0.113.32"),
		},
		orders:     at("shop-orders", "use1-az1", dataA, "eni-0f3718d2ee0cb71a3", "", "10.20.32.20", ""),
		reports:    at("shop-reports", "use1-az2", dataB, "eni-0dbd881e3dcf8d509", "", "10.20.33.20", ""),
		legacyDB:   at("legacy-shop-db", "use1-az1", dataA, "eni-028cf78d28110fbd5", "", "10.20.32.30", ""),
		settlement: at("settlement", "use1-az1", "subnet-0d4651bdd3943a602", "eni-0b5c3e082b1e61bae", "i-066661f84b747dd43", "10.30.0.12", "203.0.113.77"),
		bench:      at("bench", "use1-az1", "subnet-03b81a72fedeb0376", "eni-08278e6e051803ba2", "i-05e0e8cda73bb566d", "172.31.4.20", "198.51.100.61"),
		testDB:     at("shop-test", "use1-az1", "subnet-03b81a72fedeb0376", "eni-0909433572cb03fa9", "", "172.31.5.80", "198.51.100.62"),
		loadtest:   at("loadtest", "use1-az2", "subnet-0dd5704a3de9463dc", "eni-0ab011e59630b6116", "i-036ddd13182f282ea", "172.31.20.9", ""),
		nodes: []*host{
			at("search-node", "use1-az1", appA, "eni-0c1f5b7d92e4a6830", "i-0e1c5a7b9d3f20468", "10.20.17.80", ""),
			at("search-node", "use1-az2", appB, "eni-0d2e6c8f13a5b7941", "i-0f2d6b8cae4031579", "10.20.21.66", ""),
		},
	}
	p.settlement.vpc = batchVPC
	for _, h := range []*host{p.bench, p.testDB, p.loadtest} {
		h.account, h.vpc = development, devVPC
	}
	for i, h := range []*host{p.shop[0], p.shop[1], p.runner, p.nodes[0], p.nodes[1]} {
		h.gateway = p.natB
		if i == 0 || i == 3 { // that are in the first zone
			h.gateway = p.natA
		}
	}
	return p
}

// known are all interfaces that the snapshot has.
func (p *places) known() []*host {
	all := []*host{p.natA, p.natB, p.runner, p.orders, p.reports, p.legacyDB, p.settlement, p.bench, p.testDB, p.loadtest}
	for _, more := range [][]*host{p.balancers, p.legacyBalancers, p.shop, p.legacy} {
		all = append(all, more...)
	}
	return all
}

// open are those with an address on the internet.
func (p *places) open() []*host {
	var out []*host
	for _, h := range p.known() {
		if h.public != "" && h != p.natA && h != p.natB {
			out = append(out, h)
		}
	}
	return out
}

// block is a large block of addresses of one provider in one country. Addresses out
// of it end in 0 or 255, which providers give to no customer as a rule: country
// and network are those of real life, and no real machine is accused of anything.
type block struct {
	base    string
	bits    int
	country string
}

func (b block) address(n uint64) string {
	base := netip.MustParseAddr(b.base).As4()
	v := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8
	v |= uint32(n) & (1<<(24-b.bits) - 1) << 8
	if n>>40&1 == 1 {
		v |= 255
	}
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}).String()
}

func (b block) random(r *rand.Rand) string { return b.address(r.Uint64()) }

// blocks are where people, clouds and strangers are.
type blocks struct {
	homes, phones, tokyo, runners, cloud, crowd []block
	netherlands, germany, vietnam, brazil       block
}

func newBlocks() blocks {
	korea := []block{{"175.192.0.0", 10, "KR"}, {"121.128.0.0", 10, "KR"}, {"1.224.0.0", 11, "KR"}, {"112.144.0.0", 12, "KR"}}
	b := blocks{
		homes:       korea,
		phones:      []block{{"223.32.0.0", 11, "KR"}},
		tokyo:       []block{{"126.0.0.0", 8, "JP"}},
		runners:     []block{{"20.64.0.0", 10, "US"}}, // of the code host: Azure
		cloud:       []block{{"3.208.0.0", 12, "US"}, {"54.144.0.0", 12, "US"}},
		netherlands: block{"178.62.128.0", 17, "NL"},
		germany:     block{"88.198.0.0", 16, "DE"},
		vietnam:     block{"14.160.0.0", 11, "VN"},
		brazil:      block{"189.0.0.0", 11, "BR"},
	}
	b.crowd = []block{b.netherlands, b.germany, b.vietnam, b.brazil, {"116.224.0.0", 12, "CN"}, {"95.24.0.0", 13, "RU"},
		{"51.68.0.0", 16, "FR"}, {"73.0.0.0", 8, "US"}, {"20.64.0.0", 10, "US"}, {"175.192.0.0", 10, "KR"}}
	return b
}

// one is one of the blocks' addresses, always the same for a number.
func one(of []block, n int) (address, country string) {
	h := hash(string(rune(n%1_000_000)) + "address")
	b := of[int(h%uint64(len(of)))]
	return b.address(h >> 8), b.country
}

// The addresses of the office and of the firm that scans for weaknesses by order.
const (
	office     = "198.51.100.10"
	erpServer  = "198.51.100.20"
	authorised = "192.0.2.40"
)

// The programs that people and machines call with.
const (
	browser     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
	cliMac      = "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/macos#25.0.0 md/arch#arm64 lang/python#3.13.7 md/pyimpl#CPython md/command#"
	cliLinux    = "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/linux#6.1.148 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython md/command#"
	boto        = "Boto3/1.40.35 md/Botocore#1.40.35 ua/2.1 os/linux#6.1.148 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython Botocore/1.40.35"
	javaSDK     = "aws-sdk-java/2.33.9 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.148 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM"
	phpSDK      = "aws-sdk-php/3.112.0 GuzzleHttp/6.3.3 curl/7.53.1 PHP/7.1.33"
	terraform   = "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 (+https://www.terraform.io) terraform-provider-aws/6.14.1 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.39.0 ua/2.1 os/macos#25.0.0 lang/go#1.24.7 md/GOARCH#arm64"
	ssmAgent    = "aws-sdk-go/1.55.5 (go1.24.6; linux; arm64) amazon-ssm-agent/3.3.2746.0"
	awsInternal = "AWS Internal"
)
