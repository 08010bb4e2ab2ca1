terraform {
  # 1.10 brought the S3 backend's own lock (`use_lockfile`).
  required_version = ">= 1.10, < 2.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # Exactly one version, so that an installation from a folder of providers and one from the
      # registry make the same resources. That is also why no lock file is kept: its hashes would be
      # those of one operating system.
      version = "5.100.0"
    }
  }
}
