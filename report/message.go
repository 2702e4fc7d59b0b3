package report

import "github.com/haetae/haetae"

// The report's own texts, in the languages that haetae speaks. Those with verbs
// take the same arguments in both.
var (
	msgTitle      = haetae.Text{EN: "Security posture report", KO: "보안 점검 보고서"}
	msgNothing    = haetae.Text{EN: "Nothing failed.", KO: "실패한 항목이 없습니다."}
	msgFailed     = haetae.Text{EN: "Failed", KO: "실패"}
	msgPassed     = haetae.Text{EN: "Passed", KO: "통과"}
	msgUnknown    = haetae.Text{EN: "Could not be judged", KO: "판정 불가"}
	msgNotApplies = haetae.Text{EN: "Not applicable", KO: "해당 없음"}
	msgSuppressed = haetae.Text{EN: "Suppressed", KO: "예외 처리"}
	msgWhy        = haetae.Text{EN: "Why", KO: "이유"}
	msgFix        = haetae.Text{EN: "Fix", KO: "조치"}
	msgMore       = haetae.Text{EN: "… and %d more (haetae scan --output json shows all)", KO: "… 외 %d개 (haetae scan --output json으로 모두 볼 수 있습니다)"}
	msgMoreSupp   = haetae.Text{EN: "%d suppressed by exceptions (--all shows them)", KO: "예외 처리된 %d건은 생략했습니다(--all로 표시)"}
	msgResources  = haetae.Text{EN: "%d resources", KO: "리소스 %d개"}
	msgResource   = haetae.Text{EN: "%d resource", KO: "리소스 %d개"}
	msgMissing    = haetae.Text{EN: "Missing permissions", KO: "부족한 권한"}
	msgMissingFor = haetae.Text{EN: "missing for %s", KO: "%s를 판정하는 데 필요"}
	msgNeeds      = haetae.Text{EN: "needs %s", KO: "필요한 권한: %s"}
	msgGaps       = haetae.Text{EN: "Not covered", KO: "점검하지 못한 범위"}
	msgVerdict    = haetae.Text{EN: "%d verdict", KO: "판정 %d건"}
	msgVerdicts   = haetae.Text{EN: "%d verdicts", KO: "판정 %d건"}
	msgUnlisted   = haetae.Text{EN: "%s more could not be given since nobody listed the resources: see Not covered below.", KO: "리소스를 조회하지 않아 내리지 못한 것이 더 있다(%s). 아래 '점검하지 못한 범위' 참고."}
	msgNotAsked   = haetae.Text{EN: "Nobody listed %d types in %s (haetae collect --script prints the commands that do): %s", KO: "%[2]s에서 조회하지 않은 유형 %[1]d개(haetae collect --script가 조회 명령을 출력한다): %[3]s"}
	msgGapMissing = haetae.Text{EN: "not listed", KO: "조회하지 못함"}
	msgGapPartial = haetae.Text{EN: "listed in part", KO: "일부만 조회함"}
	msgAllTypes   = haetae.Text{EN: "all other types", KO: "그 밖의 모든 유형"}
	msgProblems   = haetae.Text{EN: "Inputs that could not be read", KO: "읽지 못한 입력"}
	msgInPart     = haetae.Text{EN: "read in part", KO: "일부만 읽음"}

	msgCountFailed  = haetae.Text{EN: "%d failed", KO: "실패 %d건"}
	msgCountPassed  = haetae.Text{EN: "%d passed", KO: "통과 %d건"}
	msgCountUnknown = haetae.Text{EN: "%d unknown", KO: "판정 불가 %d건"}
	msgCountSupp    = haetae.Text{EN: "%d suppressed", KO: "예외 처리 %d건"}
	msgCountNA      = haetae.Text{EN: "%d not applicable", KO: "해당 없음 %d건"}
	msgShare        = haetae.Text{EN: "%d%% could not be judged", KO: "전체의 %d%%를 판정하지 못함"}
	msgInAccounts   = haetae.Text{EN: "in %d accounts", KO: "계정 %d개"}
	msgInAccount    = haetae.Text{EN: "in %d account", KO: "계정 %d개"}
	msgInFiles      = haetae.Text{EN: "in %d files", KO: "파일 %d개"}
	msgInFile       = haetae.Text{EN: "in %d file", KO: "파일 %d개"}
)

// Texts of the HTML page only.
var (
	msgOfResults  = haetae.Text{EN: "%d%% of what was judged", KO: "판정 대상의 %d%%"}
	msgSummary    = haetae.Text{EN: "Summary", KO: "요약"}
	msgFindings   = haetae.Text{EN: "Findings by control", KO: "항목별 결과"}
	msgFilter     = haetae.Text{EN: "Filter", KO: "필터"}
	msgSeverity   = haetae.Text{EN: "Severity", KO: "심각도"}
	msgStatus     = haetae.Text{EN: "Status", KO: "상태"}
	msgAccount    = haetae.Text{EN: "Account", KO: "계정"}
	msgService    = haetae.Text{EN: "Service", KO: "서비스"}
	msgStandard   = haetae.Text{EN: "Standard", KO: "기준"}
	msgSearch     = haetae.Text{EN: "Search", KO: "검색"}
	msgReset      = haetae.Text{EN: "Reset", KO: "초기화"}
	msgExpand     = haetae.Text{EN: "Expand all", KO: "모두 펼치기"}
	msgCollapse   = haetae.Text{EN: "Collapse all", KO: "모두 접기"}
	msgShown      = haetae.Text{EN: "shown of", KO: "건 표시 / 전체"}
	msgNoMatch    = haetae.Text{EN: "Nothing matches this filter.", KO: "조건에 맞는 결과가 없습니다."}
	msgCopy       = haetae.Text{EN: "Copy", KO: "복사"}
	msgCopied     = haetae.Text{EN: "Copied", KO: "복사됨"}
	msgHowToFix   = haetae.Text{EN: "How to fix", KO: "조치 방법"}
	msgConsole    = haetae.Text{EN: "Console", KO: "콘솔"}
	msgReferences = haetae.Text{EN: "References", KO: "참고 문서"}
	msgAliases    = haetae.Text{EN: "Known elsewhere as", KO: "다른 도구와 기준에서의 이름"}
	msgScanned    = haetae.Text{EN: "State of", KO: "점검 시점"}
	msgSources    = haetae.Text{EN: "Sources", KO: "출처"}
	msgRegions    = haetae.Text{EN: "Regions", KO: "리전"}
	msgAccounts   = haetae.Text{EN: "Accounts", KO: "계정"}
	msgControls   = haetae.Text{EN: "Controls", KO: "점검 항목"}
	msgResourcesN = haetae.Text{EN: "Resources", KO: "리소스"}
	msgLanguage   = haetae.Text{EN: "Language", KO: "언어"}
	msgSkip       = haetae.Text{EN: "Skip to findings", KO: "결과로 건너뛰기"}
	msgLeftOut    = haetae.Text{
		EN: "This file lists what failed or could not be judged. %d passed and %d not applicable results are counted above but not listed; haetae scan --all lists them.",
		KO: "이 파일에는 실패했거나 판정하지 못한 결과만 있습니다. 통과 %d건과 해당 없음 %d건은 위 요약에만 포함했습니다. haetae scan --all로 모두 볼 수 있습니다."}
	msgComplete     = haetae.Text{EN: "This file lists every result of the scan.", KO: "이 파일에는 점검 결과가 빠짐없이 들어 있습니다."}
	msgMissingIntro = haetae.Text{
		EN: "Granting these read permissions to the role that haetae uses would settle the results that could not be judged.",
		KO: "haetae가 사용하는 역할에 아래 읽기 권한을 추가하면 판정하지 못한 결과를 확인할 수 있습니다."}
	msgGapsIntro = haetae.Text{
		EN: "Resources of these types may exist that this report says nothing about.",
		KO: "아래 유형에는 이 보고서가 다루지 못한 리소스가 있을 수 있습니다."}
)

// plural picks between the text for one and the text for any other number, and
// fills it in.
func (v *view) plural(n int, one, many haetae.Text) string {
	if n == 1 {
		return v.say(one, n)
	}
	return v.say(many, n)
}

// reasonText says why something could not be read.
func reasonText(r haetae.Reason) haetae.Text {
	switch r {
	case haetae.Denied:
		return haetae.Text{EN: "access denied", KO: "접근이 거부됨"}
	case haetae.Throttled:
		return haetae.Text{EN: "AWS throttled the calls", KO: "AWS가 호출 속도를 제한함"}
	case haetae.Failed:
		return haetae.Text{EN: "the call failed", KO: "호출이 실패함"}
	case haetae.NotAsked:
		return haetae.Text{EN: "not read", KO: "읽지 않음"}
	case haetae.Unresolved:
		return haetae.Text{EN: "depends on a value that is not known yet", KO: "아직 정해지지 않은 값에 따라 달라짐"}
	case haetae.NoDefault:
		return haetae.Text{EN: "not set, and the default is not on record", KO: "설정하지 않았고 기본값도 확인되지 않음"}
	case haetae.ByAccount:
		return haetae.Text{EN: "not set, and the default is an account setting", KO: "설정하지 않았고 기본값은 계정 설정에 따라 다름"}
	case haetae.Unreadable:
		return haetae.Text{EN: "present but broken", KO: "값이 있으나 해석할 수 없음"}
	case haetae.SecretKept:
		return haetae.Text{EN: "a secret, redacted", KO: "비밀 값이라 가려짐"}
	}
	return haetae.Text{EN: string(r), KO: string(r)}
}
