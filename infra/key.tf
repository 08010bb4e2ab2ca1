# One key for what may hold personal data or secrets: table, secrets, logs. Who may decrypt is then
# decided here and in the roles, and each use is in CloudTrail.
resource "aws_kms_key" "data" {
  description             = "${local.prefix}: table, secrets and logs"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  # In a key's own policy "*" means this key. The first statement is what lets roles and
  # administrators of this account use the key at all, as far as their own policies allow; a key
  # without it can lock everybody out.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RolesOfThisAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LogGroupsOfThisInstallation"
        Effect    = "Allow"
        Principal = { Service = "logs.${data.aws_region.current.name}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
        Resource  = "*"
        Condition = {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = [
              for start in ["lambda", "vendedlogs"] :
              "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group:/aws/${start}/${local.prefix}-*"
            ]
          }
        }
      },
    ]
  })
}

resource "aws_kms_alias" "data" {
  name          = "alias/${local.prefix}"
  target_key_id = aws_kms_key.data.key_id
}
