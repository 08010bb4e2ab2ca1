//! The ledger on one DynamoDB table with two sparse indexes, `due` and `shelf`, that hold keys alone.

use aws_sdk_dynamodb::{
    operation::{put_item::PutItemError, query::builders::QueryFluentBuilder},
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use crossdock_platform::{Condition, Item, Key, Ledger, PlatformError, Put, Read, Write, check};
use jiff::Timestamp;

use crate::{
    Aws,
    errors::failed,
    item::{self, Attributes, DUE_AT, DUE_SHARD, LISTED_AT, SHELF, SK, text},
};

const SERVICE: &str = "ledger";
const DUE_INDEX: &str = "due";
const SHELF_INDEX: &str = "shelf";

impl Ledger for Aws {
    async fn get(&self, key: &Key, read: Read) -> Result<Option<Item>, PlatformError> {
        let answer = self
            .0
            .dynamodb
            .get_item()
            .table_name(self.table())
            .set_key(Some(item::key(key)))
            .consistent_read(read == Read::Consistent)
            .send()
            .await
            .map_err(failed(SERVICE, self.table()))?;
        answer.item.as_ref().map(item::item).transpose()
    }

    async fn put(&self, write: Write) -> Result<Put, PlatformError> {
        check::write(&write)?;
        let (version, condition, expected) = match write.condition {
            Condition::Absent => (1, "attribute_not_exists(pk)", None),
            Condition::Version(version) => (version + 1, "version = :version", Some(version)),
        };
        let expected = expected.map(|version| [(":version".to_owned(), number(version))].into());
        let answer = self
            .0
            .dynamodb
            .put_item()
            .table_name(self.table())
            .set_item(Some(item::attributes(&write, version)))
            .condition_expression(condition)
            .set_expression_attribute_values(expected)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match answer {
            Ok(_) => return Ok(Put::Written { version }),
            Err(error) => error,
        };
        let Some(PutItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(failed(SERVICE, self.table())(error));
        };
        let current = refused.item.as_ref().filter(|item| !item.is_empty()).map(item::item).transpose()?;
        match current {
            // The SDK, or a caller, sent it again after a lost answer: our own write stands there.
            Some(item) if item.token == write.token => Ok(Put::Written { version: item.version }),
            current => Ok(Put::Conflict { current: current.map(Box::new) }),
        }
    }

    async fn delete(&self, key: &Key, version: u64) -> Result<bool, PlatformError> {
        let answer = self
            .0
            .dynamodb
            .delete_item()
            .table_name(self.table())
            .set_key(Some(item::key(key)))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(version))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(failed(SERVICE, self.table())(error)),
        }
    }

    async fn query(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<Item>, PlatformError> {
        // DynamoDB refuses to start outside of what is asked for, where the answer is all or nothing.
        let start = match after {
            Some(after) if after.starts_with(prefix) => Some(item::key(&Key::new(pk, after))),
            Some(after) if (after < prefix) == falling => return Ok(Vec::new()),
            _ => None,
        };
        let mut query = self
            .0
            .dynamodb
            .query()
            .consistent_read(true)
            .scan_index_forward(!falling)
            .expression_attribute_values(":pk", text(pk));
        query = if prefix.is_empty() {
            query.key_condition_expression("pk = :pk")
        } else {
            query
                .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", text(prefix))
        };
        self.all_pages(query, start, limit).await?.iter().map(item::item).collect()
    }

    async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        let query = self
            .0
            .dynamodb
            .query()
            .index_name(DUE_INDEX)
            .key_condition_expression(format!("{DUE_SHARD} = :shard AND {DUE_AT} <= :until"))
            .expression_attribute_values(":shard", text(item::shard(shard)))
            .expression_attribute_values(":until", text(item::time(until)));
        self.all_pages(query, None, limit).await?.iter().map(|entry| item::entry(entry, DUE_AT)).collect()
    }

    async fn listed(
        &self,
        shelf: &str,
        after: Option<(Timestamp, Key)>,
        falling: bool,
        limit: usize,
    ) -> Result<Vec<(Key, Timestamp)>, PlatformError> {
        let start = after.map(|(at, key)| {
            let mut start = item::key(&key);
            start.insert(SHELF.to_owned(), text(shelf));
            start.insert(LISTED_AT.to_owned(), text(item::time(at)));
            start
        });
        let query = self
            .0
            .dynamodb
            .query()
            .index_name(SHELF_INDEX)
            .scan_index_forward(!falling)
            .key_condition_expression(format!("{SHELF} = :shelf"))
            .expression_attribute_values(":shelf", text(shelf));
        self.all_pages(query, start, limit).await?.iter().map(|entry| item::entry(entry, LISTED_AT)).collect()
    }

    async fn scan(
        &self,
        sk: &str,
        after: Option<Key>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Key>), PlatformError> {
        let mut found: Vec<Item> = Vec::new();
        let mut start = after.as_ref().map(item::key);
        loop {
            let answer = self
                .0
                .dynamodb
                .scan()
                .table_name(self.table())
                .consistent_read(true)
                .filter_expression(format!("{SK} = :sk"))
                .expression_attribute_values(":sk", text(sk))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed(SERVICE, self.table()))?;
            for attributes in answer.items() {
                if found.len() == limit {
                    // Any key is a place to start from: the last one that is given out.
                    let next = found.last().map(|item| item.key.clone());
                    return Ok((found, next));
                }
                found.push(item::item(attributes)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok((found, None));
            }
        }
    }
}

impl Aws {
    fn table(&self) -> &str {
        &self.0.settings.table
    }

    /// One answer holds a megabyte at most: asks on until `limit` or the end.
    async fn all_pages(
        &self,
        query: QueryFluentBuilder,
        mut start: Option<Attributes>,
        limit: usize,
    ) -> Result<Vec<Attributes>, PlatformError> {
        let mut found: Vec<Attributes> = Vec::new();
        while found.len() < limit {
            let wanted = i32::try_from(limit - found.len()).unwrap_or(i32::MAX);
            let answer = query
                .clone()
                .table_name(self.table())
                .set_exclusive_start_key(start)
                .limit(wanted)
                .send()
                .await
                .map_err(failed(SERVICE, self.table()))?;
            found.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

fn number(version: u64) -> AttributeValue {
    AttributeValue::N(version.to_string())
}
