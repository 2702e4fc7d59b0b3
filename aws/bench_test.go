package aws

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// instances is a page of ec2:DescribeInstances, with what an ordinary instance
// has.
func instances(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>8f7724cf-496f-496e-8fe3-example</requestId><reservationSet>`)
	for i := range n {
		fmt.Fprintf(&b, `
    <item>
      <reservationId>r-%017[1]x</reservationId>
      <ownerId>111111111111</ownerId>
      <groupSet/>
      <instancesSet>
        <item>
          <instanceId>i-%017[1]x</instanceId>
          <imageId>ami-bff32ccc</imageId>
          <instanceState><code>16</code><name>running</name></instanceState>
          <privateDnsName>ip-10-0-%[2]d-%[3]d.eu-west-1.compute.internal</privateDnsName>
          <dnsName/>
          <reason/>
          <keyName>operators</keyName>
          <amiLaunchIndex>0</amiLaunchIndex>
          <productCodes/>
          <instanceType>m6i.large</instanceType>
          <launchTime>2024-05-08T16:46:19.000Z</launchTime>
          <placement><availabilityZone>eu-west-1c</availabilityZone><groupName/><tenancy>default</tenancy></placement>
          <monitoring><state>disabled</state></monitoring>
          <subnetId>subnet-0a1b2c3d4e5f60718</subnetId>
          <vpcId>vpc-0a1b2c3d4e5f60718</vpcId>
          <privateIpAddress>10.0.%[2]d.%[3]d</privateIpAddress>
          <sourceDestCheck>true</sourceDestCheck>
          <groupSet><item><groupId>sg-0a1b2c3d4e5f60718</groupId><groupName>web</groupName></item></groupSet>
          <architecture>x86_64</architecture>
          <rootDeviceType>ebs</rootDeviceType>
          <rootDeviceName>/dev/xvda</rootDeviceName>
          <blockDeviceMapping>
            <item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-%017[1]x</volumeId><status>attached</status><attachTime>2024-05-08T16:46:20.000Z</attachTime><deleteOnTermination>true</deleteOnTermination></ebs></item>
          </blockDeviceMapping>
          <virtualizationType>hvm</virtualizationType>
          <clientToken>xMcwG14507example</clientToken>
          <tagSet><item><key>Name</key><value>server-%[1]d</value></item><item><key>team</key><value>payments &amp; billing</value></item></tagSet>
          <hypervisor>xen</hypervisor>
          <networkInterfaceSet>
            <item>
              <networkInterfaceId>eni-%017[1]x</networkInterfaceId><subnetId>subnet-0a1b2c3d4e5f60718</subnetId><vpcId>vpc-0a1b2c3d4e5f60718</vpcId>
              <description>Primary network interface</description><ownerId>111111111111</ownerId><status>in-use</status><macAddress>02:dd:2c:5e:01:69</macAddress>
              <privateIpAddress>10.0.%[2]d.%[3]d</privateIpAddress><sourceDestCheck>true</sourceDestCheck>
              <groupSet><item><groupId>sg-0a1b2c3d4e5f60718</groupId><groupName>web</groupName></item></groupSet>
              <attachment><attachmentId>eni-attach-%017[1]x</attachmentId><deviceIndex>0</deviceIndex><status>attached</status><attachTime>2024-05-08T16:46:19.000Z</attachTime><deleteOnTermination>true</deleteOnTermination></attachment>
              <privateIpAddressesSet><item><privateIpAddress>10.0.%[2]d.%[3]d</privateIpAddress><primary>true</primary></item></privateIpAddressesSet>
            </item>
          </networkInterfaceSet>
          <ebsOptimized>true</ebsOptimized>
          <metadataOptions><state>applied</state><httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint></metadataOptions>
        </item>
      </instancesSet>
    </item>`, i, i/256%256, i%256)
	}
	b.WriteString(`</reservationSet></DescribeInstancesResponse>`)
	return b.Bytes()
}

// roles is a page of iam:ListRoles.
func roles(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`<ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListRolesResult><IsTruncated>false</IsTruncated><Roles>`)
	for i := range n {
		fmt.Fprintf(&b, `
      <member>
        <Path>/service-role/</Path>
        <AssumeRolePolicyDocument>%%7B%%22Version%%22%%3A%%222012-10-17%%22%%2C%%22Statement%%22%%3A%%5B%%7B%%22Effect%%22%%3A%%22Allow%%22%%2C%%22Principal%%22%%3A%%7B%%22Service%%22%%3A%%22lambda.amazonaws.com%%22%%7D%%2C%%22Action%%22%%3A%%22sts%%3AAssumeRole%%22%%7D%%5D%%7D</AssumeRolePolicyDocument>
        <RoleId>AROA%017d</RoleId>
        <RoleName>role-%[1]d</RoleName>
        <Arn>arn:aws:iam::111111111111:role/service-role/role-%[1]d</Arn>
        <Description>Lets function %[1]d write its log</Description>
        <CreateDate>2023-11-14T22:13:20Z</CreateDate>
        <MaxSessionDuration>3600</MaxSessionDuration>
      </member>`, i)
	}
	b.WriteString(`</Roles></ListRolesResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListRolesResponse>`)
	return b.Bytes()
}

func benchmarkAnswer(b *testing.B, op string, body []byte) {
	m := NewModel()
	svc, o, err := m.Operation(op)
	if err != nil {
		b.Fatal(err)
	}
	_, name, _ := strings.Cut(op, ":")
	r := &Response{Status: 200, Header: http.Header{}, Body: body}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := read(svc, name, o, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAPageOf1000Instances(b *testing.B) {
	benchmarkAnswer(b, "ec2:DescribeInstances", instances(1000))
}

func BenchmarkAPageOf1000Roles(b *testing.B) { benchmarkAnswer(b, "iam:ListRoles", roles(1000)) }
