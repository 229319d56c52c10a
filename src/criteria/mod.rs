//! What a reading means: the guideline's tables and the project's rules, pure.

mod words;

pub use words::{
    ChannelVerdict, Class, Disposition, Judgement, MAX_CHANNELS, Recommendation, Remark, Remarks,
    Rule, Rules, SourceKind, Subject,
};
