package network

import (
	"fmt"
	"strconv"
	"strings"
)

// number writes a count with a comma for each thousand.
func (t tongue) number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// many writes how many there are of something; Korean has no plural.
func (t tongue) many(n int, en, ko string) string {
	switch {
	case t == "ko":
		return ko + " " + t.number(n) + "개"
	case n == 1:
		return "1 " + en
	case strings.HasSuffix(en, "y") && !strings.HasSuffix(en, "ay"):
		return t.number(n) + " " + strings.TrimSuffix(en, "y") + "ies"
	}
	return t.number(n) + " " + en + "s"
}

// sums writes what is in a box, without what there is none of.
func (t tongue) sums(x tally) string {
	var out []string
	for _, p := range []struct {
		n      int
		en, ko string
	}{{x.accounts, "account", "계정"}, {x.regions, "region", "리전"}, {x.vpcs, "VPC", "VPC"}, {x.subnets, "subnet", "서브넷"}, {x.nics, "interface", "인터페이스"}} {
		if p.n > 0 {
			out = append(out, t.many(p.n, p.en, p.ko))
		}
	}
	return strings.Join(out, ", ")
}

// reached writes how much of a box the internet reaches; "" when nothing.
func (t tongue) reached(x tally) string {
	switch {
	case x.reached > 0 && x.perhaps > 0:
		return fmt.Sprintf(t.say("the internet reaches %s of them, perhaps %s more", "인터넷에서 %s개에 도달, %s개는 조건부"), t.number(x.reached), t.number(x.perhaps))
	case x.reached > 0:
		return fmt.Sprintf(t.say("the internet reaches %s of them", "인터넷에서 %s개에 도달"), t.number(x.reached))
	case x.perhaps > 0:
		return fmt.Sprintf(t.say("the internet perhaps reaches %s of them", "인터넷에서 %s개에 조건부 도달"), t.number(x.perhaps))
	}
	return ""
}

// by says by what the interfaces of a subnet are put together.
func (t tongue) by(z Zones) string {
	if key, ok := strings.CutPrefix(string(z), "tag:"); ok {
		return t.say("by the tag "+key, "태그 "+key+"별로")
	}
	return t.say("by security groups", "보안 그룹별로")
}

// inSubnets says that interfaces were put together.
func (t tongue) inSubnets(n int, by string) string {
	return t.say("the interfaces of "+t.many(n, "subnet", "")+" are put together "+by, t.many(n, "", "서브넷")+"의 인터페이스를 "+by+" 묶음")
}

// asOne says that boxes were drawn without what is in them.
func (t tongue) asOne(n int, en, ko string) string {
	in := " drawn without what is in them"
	if n == 1 {
		in = " drawn without what is in it"
	}
	return t.say(t.many(n, en, "")+in, t.many(n, "", ko)+"는 속을 그리지 않음")
}

// tierWord says what a subnet's routes make of it.
func (t tongue) tierWord(x tier) string {
	switch x {
	case public:
		return t.say("public", "퍼블릭")
	case outward:
		return t.say("private with a way out", "프라이빗, 밖으로 나갈 수 있음")
	case private:
		return t.say("private", "프라이빗")
	}
	return t.say("routes not known", "경로를 알 수 없음")
}

// thing is what people call a type of resource that has interfaces. Interface is
// the kind of its interface, for those that belong to nothing known.
func (t tongue) thing(typ, kind string) string {
	switch typ {
	case "AWS::EC2::Instance":
		return t.say("instance", "인스턴스")
	case "AWS::Lambda::Function":
		return t.say("function", "함수")
	case "AWS::RDS::DBInstance", "AWS::RDS::DBCluster":
		return t.say("database", "데이터베이스")
	case "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster":
		return t.say("cache", "캐시")
	case "AWS::Redshift::Cluster":
		return t.say("data warehouse", "데이터 웨어하우스")
	case "AWS::EFS::MountTarget":
		return t.say("mount target", "마운트 대상")
	case "AWS::OpenSearchService::Domain":
		return t.say("search domain", "검색 도메인")
	case "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer":
		return t.say("load balancer", "로드 밸런서")
	case "AWS::EC2::VPCEndpoint":
		return t.say("endpoint", "엔드포인트")
	case "AWS::EC2::InstanceConnectEndpoint":
		return t.say("connect endpoint", "연결 엔드포인트")
	case "AWS::EKS::Cluster":
		return t.say("cluster", "클러스터")
	case "AWS::EC2::NatGateway":
		return t.say("NAT gateway", "NAT 게이트웨이")
	case "AWS::EC2::NetworkInterface":
		switch kind {
		case "", "interface":
			return t.say("interface", "인터페이스")
		case "nat_gateway":
			return t.say("NAT gateway", "NAT 게이트웨이")
		}
		return t.say("interface", "인터페이스") + " (" + strings.ReplaceAll(kind, "_", " ") + ")"
	}
	return typ[strings.LastIndexByte(typ, ':')+1:]
}
