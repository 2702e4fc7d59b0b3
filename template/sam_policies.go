package template

import "strings"

// policyTemplate makes the document of one of SAM's policy templates, or nil
// for a name that is not on record
// (https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html).
func policyTemplate(line int, name string, params *node) *node {
	statements := policyStatements(name)
	if statements == "" {
		return nil
	}
	var out []*node
	for s := range strings.SplitSeq(statements, ";") {
		actions, resources, _ := strings.Cut(strings.TrimSpace(s), " on ")
		list := listAt(line)
		for r := range strings.SplitSeq(resources, ",") {
			r = arnOf(strings.TrimSpace(r))
			if !strings.Contains(r, "${") {
				list.items = append(list.items, stringAt(line, r))
				continue
			}
			text := listAt(line, stringAt(line, r))
			if params.isMap() && len(params.keys) > 0 {
				text.items = append(text.items, params)
			}
			list.items = append(list.items, mapAt(line, "Fn::Sub", text))
		}
		service, verbs, _ := strings.Cut(actions, ":")
		var full []string
		for v := range strings.FieldsSeq(verbs) {
			full = append(full, service+":"+v)
		}
		out = append(out, allow(line, list, full...))
	}
	return document2012(line, out...)
}

// arnOf writes out the short form of a resource: "sqs:${QueueName}".
func arnOf(s string) string {
	service, rest, ok := strings.Cut(s, ":")
	switch {
	case !ok || strings.HasPrefix(s, "$"):
		return s
	case service == "s3":
		return "arn:${AWS::Partition}:s3:::" + rest
	}
	return "arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + rest
}

// policyStatements returns the statements of a policy template in a short form:
// "service:Verb Verb on resource, resource; …".
func policyStatements(name string) string {
	switch name {
	case "SQSPollerPolicy":
		return "sqs:ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch GetQueueAttributes ReceiveMessage on sqs:${QueueName}"
	case "SQSSendMessagePolicy":
		return "sqs:SendMessage* on sqs:${QueueName}"
	case "LambdaInvokePolicy":
		return "lambda:InvokeFunction on lambda:function:${FunctionName}*"
	case "CloudWatchPutMetricPolicy":
		return "cloudwatch:PutMetricData on *"
	case "CloudWatchDescribeAlarmHistoryPolicy":
		return "cloudwatch:DescribeAlarmHistory on *"
	case "CloudWatchDashboardPolicy":
		return "cloudwatch:GetDashboard ListDashboards PutDashboard ListMetrics on *"
	case "EC2DescribePolicy":
		return "ec2:DescribeRegions DescribeInstances on *"
	case "AMIDescribePolicy":
		return "ec2:DescribeImages on *"
	case "VPCAccessPolicy":
		return "ec2:CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces DetachNetworkInterface on *"
	case "DynamoDBCrudPolicy":
		return "dynamodb:GetItem DeleteItem PutItem Scan Query UpdateItem BatchWriteItem BatchGetItem DescribeTable ConditionCheckItem on dynamodb:table/${TableName}, dynamodb:table/${TableName}/index/*"
	case "DynamoDBReadPolicy":
		return "dynamodb:GetItem Scan Query BatchGetItem DescribeTable on dynamodb:table/${TableName}, dynamodb:table/${TableName}/index/*"
	case "DynamoDBWritePolicy":
		return "dynamodb:PutItem UpdateItem BatchWriteItem on dynamodb:table/${TableName}, dynamodb:table/${TableName}/index/*"
	case "DynamoDBReconfigurePolicy":
		return "dynamodb:UpdateTable on dynamodb:table/${TableName}"
	case "DynamoDBStreamReadPolicy":
		return "dynamodb:DescribeStream GetRecords GetShardIterator on dynamodb:table/${TableName}/stream/${StreamName}; dynamodb:ListStreams on dynamodb:table/${TableName}/stream/*"
	case "SESCrudPolicy":
		return "ses:GetIdentityVerificationAttributes SendEmail SendRawEmail VerifyEmailIdentity on ses:identity/${IdentityName}"
	case "SESEmailTemplateCrudPolicy":
		return "ses:CreateTemplate GetTemplate ListTemplates UpdateTemplate DeleteTemplate TestRenderTemplate on *"
	case "SNSPublishMessagePolicy":
		return "sns:Publish on sns:${TopicName}"
	case "SNSCrudPolicy":
		return "sns:ListSubscriptionsByTopic CreateTopic SetTopicAttributes Subscribe Publish on sns:${TopicName}*"
	case "S3ReadPolicy":
		return "s3:GetObject ListBucket GetBucketLocation GetObjectVersion GetLifecycleConfiguration on s3:${BucketName}, s3:${BucketName}/*"
	case "S3WritePolicy":
		return "s3:PutObject PutObjectAcl PutLifecycleConfiguration on s3:${BucketName}, s3:${BucketName}/*"
	case "S3CrudPolicy":
		return "s3:GetObject ListBucket GetBucketLocation GetObjectVersion PutObject PutObjectAcl GetLifecycleConfiguration PutLifecycleConfiguration DeleteObject on s3:${BucketName}, s3:${BucketName}/*"
	case "S3FullAccessPolicy":
		return "s3:GetObject GetObjectAcl GetObjectVersion PutObject PutObjectAcl DeleteObject DeleteObjectTagging DeleteObjectVersionTagging GetObjectTagging GetObjectVersionTagging PutObjectTagging PutObjectVersionTagging on s3:${BucketName}/*; s3:ListBucket GetBucketLocation GetLifecycleConfiguration PutLifecycleConfiguration on s3:${BucketName}"
	case "KinesisStreamReadPolicy":
		return "kinesis:ListStreams DescribeLimits on kinesis:stream/*; kinesis:DescribeStream DescribeStreamSummary GetRecords GetShardIterator on kinesis:stream/${StreamName}"
	case "FirehoseWritePolicy":
		return "firehose:PutRecord PutRecordBatch on firehose:deliverystream/${DeliveryStreamName}"
	case "KMSDecryptPolicy":
		return "kms:Decrypt on kms:key/${KeyId}"
	case "KMSEncryptPolicy":
		return "kms:Encrypt on kms:key/${KeyId}"
	case "AWSSecretsManagerGetSecretValuePolicy":
		return "secretsmanager:GetSecretValue on ${SecretArn}"
	case "SSMParameterReadPolicy":
		return "ssm:DescribeParameters on *; ssm:GetParameters GetParameter GetParametersByPath on ssm:parameter/${ParameterName}"
	case "SSMParameterWithSlashPrefixReadPolicy":
		return "ssm:DescribeParameters on *; ssm:GetParameters GetParameter GetParametersByPath on ssm:parameter${ParameterName}"
	case "StepFunctionsExecutionPolicy":
		return "states:StartExecution on states:stateMachine:${StateMachineName}"
	case "EventBridgePutEventsPolicy":
		return "events:PutEvents on events:event-bus/${EventBusName}"
	case "CloudFormationDescribeStacksPolicy":
		return "cloudformation:DescribeStacks on cloudformation:stack/*"
	case "RekognitionDetectOnlyPolicy":
		return "rekognition:DetectFaces DetectLabels DetectModerationLabels DetectText on *"
	case "TextractPolicy":
		return "textract:DetectDocumentText StartDocumentTextDetection StartDocumentAnalysis AnalyzeDocument on *"
	case "CodePipelineReadOnlyPolicy":
		return "codepipeline:ListPipelineExecutions on codepipeline:${PipelineName}"
	}
	return ""
}
