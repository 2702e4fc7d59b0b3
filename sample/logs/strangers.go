package logs

import (
	"fmt"

	"github.com/haetae/haetae"
)

// addStrangers adds what people outside do to the accounts themselves: they read the
// public bucket, guess names at the console's door, and are turned away. S3's own
// log of the shop's assets is here too.
func (w *world) addStrangers() {
	w.habit("readers of the public bucket", nil, func() {
		w.times(1.2, func(t int64) {
			address, _ := one(newBlocks().crowd, w.r.IntN(400))
			c := call{who: anonymous(), name: "GetObject", address: address, agent: w.web.agents[w.r.IntN(4)]}
			key := fmt.Sprintf("share/design-%d.png", w.r.IntN(60))
			if w.r.IntN(8) == 0 {
				key, c.err, c.message = "robots.txt", "NoSuchKey", "The specified key does not exist."
			}
			w.object(t, c, w.otherBucket("haenyeo-dev-share"), key, 90_000)
		})
		w.times(0.5, func(t int64) { // somebody guesses the names of buckets
			address, _ := one(newBlocks().crowd, w.r.IntN(400))
			w.object(t, call{who: anonymous(), name: "ListObjects", address: address, agent: "python-requests/2.32.5", err: "AccessDenied", message: "Access Denied"}, bucket("haenyeo-backups"), "", 0)
		})
	})
	w.habit("guesses at the console", nil, func() {
		w.times(0.08, func(t int64) {
			address, _ := one(newBlocks().crowd, w.r.IntN(3000))
			account := []string{production, development}[w.r.IntN(2)]
			who := identity{json: cut(object("type", "IAMUser", "accountId", account, "accessKeyId", "", "userName", "HIDDEN_DUE_TO_SECURITY_REASONS")), account: account, kind: "IAMUser"}
			w.call(t, call{who: who, region: virginia, source: "signin", name: "ConsoleLogin", address: address, agent: browser, typ: "AwsConsoleSignIn", write: true,
				message: "No username found in supplied account", response: object("ConsoleLogin", "Failure"),
				more: object("LoginTo", "https://console.aws.amazon.com/console/home", "MobileVersion", "No", "MFAUsed", "No")})
		})
	})
	w.access = w.stream(&stream{log: haetae.S3Access, between: "\n", tail: "\n", plain: true, least: 30, wait: hour, file: func(at int64, unique string) string {
		return "s3/web-assets/" + clock(at, "2006-01-02-15-04-05-") + random(w.access.r, 16, upper)
	}}, "s3 access")
	w.habit("readers of the assets", nil, func() {
		w.times(14*crowd(w.from), func(t int64) {
			address, _ := one(newBlocks().cloud, 2000+w.r.IntN(90)) // of the CDN
			path := fmt.Sprintf("assets/%s-%d.css", []string{"main", "item", "cart"}[w.r.IntN(3)], w.r.IntN(30))
			w.assetRead(t, address, path, 200)
		})
	})
}

// assetRead is a line of S3's server access log
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html).
func (w *world) assetRead(at int64, address, key string, status int) {
	s := w.access
	s.open(at)
	s.buf = fmt.Appendf(s.buf, `%s haenyeo-web-assets [%s] %s svc:cloudfront.amazonaws.com %s REST.GET.OBJECT %s "GET /%s HTTP/1.1" %d - %d %d %d %d "-" "Amazon CloudFront" - %s SigV4 TLS_AES_128_GCM_SHA256 AuthHeader haenyeo-web-assets.s3.us-east-1.amazonaws.com TLSv1.3 - -`,
		"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", clock(at, "02/Jan/2006:15:04:05 +0000"), address, random(w.r, 16, upper), key, key, status,
		8000+w.r.IntN(900), 8900, 12+w.r.IntN(30), 9+w.r.IntN(3), random(w.r, 56, base64s)+"=")
	s.close(w, nil)
}
