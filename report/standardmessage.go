package report

import (
	"github.com/haetae/haetae"
	"github.com/haetae/haetae/standard"
)

// Texts about standards. Those with verbs take the same arguments in both
// languages.
var (
	msgStdScore     = haetae.Text{EN: "score %s, %d%% could not be assessed, %d%% proven", KO: "점수 %s, 평가하지 못함 %d%%, 입증 %d%%"}
	msgStdNoScore   = haetae.Text{EN: "none", KO: "없음"}
	msgStdAccounts  = haetae.Text{EN: "Accounts", KO: "계정"}
	msgStdTemplates = haetae.Text{EN: "templates", KO: "템플릿"}
	msgStdLevel     = haetae.Text{EN: "level %d", KO: "레벨 %d"}
	msgStdManual    = haetae.Text{EN: "to be answered by hand", KO: "사람이 답해야 함"}
	msgStdAnswered  = haetae.Text{EN: "answered by hand", KO: "사람이 답함"}
	msgStdExpired   = haetae.Text{EN: "the answer of %s of %s expired on %s", KO: "%s의 답(%s)은 %s에 만료됨"}
	msgStdExpiredIn = haetae.Text{EN: "%s in %s", KO: "%[2]s: %[1]s"}
	msgStdNotRun    = haetae.Text{EN: "not run: %s", KO: "실행하지 않은 점검: %s"}
	msgStdUncovered = haetae.Text{EN: "nothing listed for: %s", KO: "대상을 조회하지 못한 점검: %s"}

	msgAuditTitle    = haetae.Text{EN: "Compliance report", KO: "준수 평가 보고서"}
	msgAuditFacts    = haetae.Text{EN: "About this assessment", KO: "평가 개요"}
	msgAuditStandard = haetae.Text{EN: "Standard", KO: "기준"}
	msgAuditVersion  = haetae.Text{EN: "Version", KO: "버전"}
	msgAuditBy       = haetae.Text{EN: "Publisher", KO: "발행처"}
	msgAuditTool     = haetae.Text{EN: "Assessed with", KO: "평가 도구"}
	msgAuditSize     = haetae.Text{EN: "Requirements", KO: "요구 사항"}
	msgAuditSizeText = haetae.Text{EN: "%d: %d decided by controls, %d by people", KO: "%d개: 점검으로 판정 %d개, 사람이 판정 %d개"}
	msgAuditCover    = haetae.Text{EN: "Coverage", KO: "조회 범위"}
	msgAuditCovered  = haetae.Text{EN: "complete in all accounts and regions above", KO: "위 계정과 리전 전부를 빠짐없이 조회함"}
	msgAuditGaps     = haetae.Text{EN: "%d gaps, listed at the end", KO: "누락 %d건, 끝에 나열"}
	msgAuditSummary  = haetae.Text{EN: "Result", KO: "결과"}
	msgAuditScore    = haetae.Text{EN: "Score", KO: "점수"}
	msgAuditScoreTip = haetae.Text{EN: "passed among passed and failed", KO: "통과와 실패 중 통과"}
	msgAuditOpen     = haetae.Text{EN: "Not assessed", KO: "평가하지 못함"}
	msgAuditOpenTip  = haetae.Text{EN: "unknown, or without a valid answer", KO: "판정 불가 또는 유효한 답 없음"}
	msgAuditProven   = haetae.Text{EN: "Proven", KO: "입증"}
	msgAuditProvTip  = haetae.Text{EN: "passed among all that apply", KO: "해당하는 전체 중 통과"}
	msgAuditRule     = haetae.Text{
		EN: "A requirement passes only when all its controls pass for all resources in all accounts. The score leaves out what could not be assessed and what is excepted; read it together with both shares beside it. Percentages are rounded against the account.",
		KO: "요구 사항은 모든 계정의 모든 리소스에서 모든 점검이 통과해야 통과다. 점수에는 평가하지 못한 항목과 예외 항목이 들어가지 않으므로 옆의 두 비율과 함께 읽어야 한다. 백분율은 불리한 쪽으로 반올림한다."}
	msgAuditNumber    = haetae.Text{EN: "No.", KO: "번호"}
	msgAuditReq       = haetae.Text{EN: "Requirement", KO: "요구 사항"}
	msgAuditLevel     = haetae.Text{EN: "Level", KO: "레벨"}
	msgAuditNFailed   = haetae.Text{EN: "Resources failed", KO: "실패 리소스"}
	msgAuditNUnknown  = haetae.Text{EN: "unknown", KO: "판정 불가"}
	msgAuditNExcepted = haetae.Text{EN: "excepted", KO: "예외"}
	msgAuditNPassed   = haetae.Text{EN: "passed", KO: "통과"}
	msgAuditDetails   = haetae.Text{EN: "Requirements one by one", KO: "요구 사항별 상세"}
	msgAuditHow       = haetae.Text{EN: "How people check it", KO: "확인 방법"}
	msgAuditEvidence  = haetae.Text{EN: "Evidence to attach", KO: "첨부할 증거"}
	msgAuditAnswer    = haetae.Text{EN: "Answer", KO: "답"}
	msgAuditAuthor    = haetae.Text{EN: "Author", KO: "작성자"}
	msgAuditDate      = haetae.Text{EN: "Date", KO: "날짜"}
	msgAuditExpires   = haetae.Text{EN: "Expires", KO: "만료"}
	msgAuditProof     = haetae.Text{EN: "Evidence and note", KO: "증거와 메모"}
	msgAuditNone      = haetae.Text{EN: "not answered", KO: "답 없음"}
	msgAuditGone      = haetae.Text{EN: "expired", KO: "만료됨"}
	msgAuditNothing   = haetae.Text{EN: "There was nothing to judge.", KO: "판정할 대상이 없다."}
	msgAuditPassing   = haetae.Text{EN: "Passed: %d", KO: "통과: %d"}
	msgAuditUntil     = haetae.Text{EN: "expires %s", KO: "%s 만료"}
	msgAuditNoExpiry  = haetae.Text{EN: "no expiry on record", KO: "만료일 기록 없음"}
)

// statusText is a status in words, for people.
func statusText(s standard.Status) haetae.Text {
	switch s {
	case standard.Pass:
		return haetae.Text{EN: "Passed", KO: "통과"}
	case standard.Fail:
		return haetae.Text{EN: "Failed", KO: "실패"}
	case standard.Unknown:
		return haetae.Text{EN: "Unknown", KO: "판정 불가"}
	case standard.Unanswered:
		return haetae.Text{EN: "Not answered", KO: "답 없음"}
	case standard.Excepted:
		return haetae.Text{EN: "Excepted", KO: "예외"}
	}
	return haetae.Text{EN: "Not applicable", KO: "해당 없음"}
}

// verdictText is what a person answered, in words.
func verdictText(v standard.Verdict) haetae.Text {
	switch v {
	case standard.Yes:
		return statusText(standard.Pass)
	case standard.No:
		return statusText(standard.Fail)
	}
	return statusText(standard.NotApplicable)
}
