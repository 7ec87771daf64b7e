"""Words and sentence patterns for the specs that nobody wrote by hand."""

from __future__ import annotations

_ENGLISH = {
    "noun": """account address adjustment alert allowance appraisal archive audience auction backlog
        badge balance banner barcode basket batch benefit bill bookmark brand bucket budget bundle
        calendar campaign cancellation carrier catalogue category certificate channel charge chargeback
        claim collection commission consent contract coupon courier credit currency customs dashboard
        deadline delivery deposit digest discount dispatch dispute donation draft duty envelope estimate
        exchange expiry export facet favourite feed fee filter forecast freight fulfilment gallery
        greeting guarantee handover holiday import incident inspection insurance inventory invoice
        journey label landing ledger letter licence limit listing locker loyalty mailbox manifest margin
        market membership menu merchant metric milestone newsletter offer outlet package pallet parcel
        partner passport payment payout penalty permission pickup pledge policy portal postage preorder
        price priority profile promise promotion proof quota quote ranking rating rebate receipt recipe
        recommendation redirect referral refund region reminder rental replacement report reservation
        restock retention return revenue review reward roster route royalty sample schedule seller
        settlement shelf shipment signature sitemap slot snapshot sponsor statement stock storefront
        stream subscription subsidy summary supplier surcharge survey tariff template tender threshold
        ticket timeline token tracking trade transfer translation trial turnover upgrade validation
        variant vendor visit voucher waitlist wallet warehouse warranty webhook weight widget window
        workflow zone""",
    "adjective": """abandoned accurate ambiguous annual archived atomic authorised bulk cached careful
        cold concurrent consistent cumulative damaged deferred delayed delicate deprecated derived
        disputed duplicate eager elastic empty encrypted eventual expired explicit external failing
        faulty final fragile frozen gradual handmade hidden hourly idempotent idle immutable implicit
        incomplete inline internal invalid isolated late lazy legacy linear local loose manual mandatory
        merged minimal mobile monthly narrow nested nightly noisy obsolete offline optional orphaned
        outdated partial pending perishable plain predictable public quiet random redundant regional
        rejected reliable reserved reversible rough safe scarce seasonal secret shared silent slow
        sparse stable stale steady strict sudden synthetic temporary tentative transparent trusted
        uneven unused urgent verbose verified virtual volatile weekly""",
    "verb": """accepts aggregates allocates amends annotates approves archives assigns batches blocks
        caches calculates cancels captures checks claims clears closes collects compares compresses
        confirms converts copies corrects counts debits declines delays deletes delivers detects
        discards drains drops duplicates emits enforces escalates estimates exceeds expands expires
        exports filters flags flushes formats groups hides ignores imports indexes inherits inserts
        invalidates issues joins loads locks logs maps marks merges migrates moves notifies omits orders
        overrides pads parses pauses polls prefetches prints promotes prunes publishes purges queues
        ranks rebuilds reconciles records redirects refreshes rejects releases removes renders repeats
        replaces replays reports requests reserves resets resolves restores retries reverts rewrites
        rotates rounds samples schedules serialises shifts signs skips sorts splits stores streams
        suspends swaps throttles tracks transfers translates trims unlocks updates validates verifies
        wraps writes""",
    "cause": """collation cardinality timeout deadlock overflow rounding encoding timezone retry
        cache-stampede double-booking clock-skew pagination truncation locale starvation backpressure
        serialization stale-read lost-update off-by-one missing-index connection-leak circular-import
        null-handling""",
    "person": """Aiko Beatriz Carlos Dana Elif Farid Greta Hugo Ines Jonas Kemal Lena Marta Nuno Olga Priya
        Rafael Sofia Tomas Yara""",
    "part": """Adapter Cache Client Cursor Factory Gateway Guard Index Job Mapper Parser Planner Policy Probe
        Queue Reader Registry Repository Resolver Router Scheduler Sender Store Tracker Validator View
        Watcher Writer""",
}

_PORTUGUESE = {
    "noun": """acordo agenda ajuste alíquota anúncio aprovação arquivo assinatura atraso auditoria
        aviso balanço benefício boleto cadastro calendário câmbio campanha cancelamento cartão catálogo
        cesta chave cliente cobrança comissão comprovante conciliação condição contrato correção cotação
        crédito cupom débito demanda depósito desconto despacho devolução duplicata embalagem encomenda
        endereço entrega estoque estorno etiqueta exceção extrato faixa fatura fechamento fila filtro
        fornecedor frete garantia imposto índice inscrição inventário lançamento leilão lista loja lote
        margem mensagem migração modelo nota operação orçamento origem pagamento painel parcela pedido
        permissão planilha prazo preço promoção proposta prorrogação protocolo reajuste recibo recusa
        registro regra relatório remessa repasse reserva resumo retenção revisão rota saldo segurança
        sessão situação tabela tarifa taxa título transação transferência usuário validação vencimento
        versão visita""",
    "adjective": """antigo atrasado automático bloqueado compartilhado confirmado corrigido diário
        duplicado eletrônico estável exato externo fixo frágil imediato inativo incompleto interno
        inválido lento manual mensal mínimo novo obrigatório oculto opcional parcial pendente periódico
        público rápido reservado rígido seguro semanal simples temporário único urgente válido vazio""",
    "verb": """aceita agrupa ajusta altera antecipa apaga aplica aprova arquiva assina atualiza
        bloqueia calcula cancela carrega compara confirma conta converte corrige cria debita descarta
        detecta devolve divide emite encerra entrega envia estorna exclui exporta fecha filtra grava
        ignora importa indica inicia libera limita marca migra mostra notifica ordena permite publica
        recalcula recebe recusa registra rejeita remove repete reserva retém revisa salva separa soma
        substitui suspende transfere valida verifica""",
    "cause": """arredondamento codificação concorrência fuso-horário paginação duplicidade
        tempo-esgotado vazamento bloqueio estouro ordenação truncamento""",
    "person": _ENGLISH["person"],
    "part": _ENGLISH["part"],
}

WORDS = {
    language: {key: text.split() for key, text in lists.items()}
    for language, lists in (("en", _ENGLISH), ("pt", _PORTUGUESE))
}

#: What a title, a criterion or a finding may look like. `noun2` draws from the list of `noun`.
PATTERNS = {
    ("en", "title"): [
        "{Noun} {noun2} for the {adjective} {noun3}",
        "{Adjective} {noun} {noun2}",
        "{Noun} that {verb} the {noun2}",
    ],
    ("pt", "title"): [
        "{Noun} de {noun2} {adjective}",
        "{Noun} que {verb} {noun2}",
    ],
    ("en", "criterion"): [
        "WHEN the {noun} is {adjective} THEN the shop SHALL keep the {noun2} and tell the {noun3}",
        "IF a {noun} {verb} a {adjective} {noun2} THEN it SHALL be refused with the reason",
        "The {noun} SHALL be ready within {number} seconds for {number2} {noun2} records",
        "A {adjective} {noun} SHALL NOT change the {noun2}",
    ],
    ("pt", "criterion"): [
        "QUANDO o item de {noun} estiver {adjective} ENTÃO o sistema DEVE avisar e preservar {noun2}",
        "O processo de {noun} DEVE terminar em até {number} segundos para {number2} itens de {noun2}",
        "SE o campo {noun} {verb} o campo {noun2} ENTÃO a operação DEVE ser recusada com o motivo",
    ],
    ("en", "sentence"): [
        "The {noun} {verb} the {adjective} {noun2} before `{ident}` sees it.",
        "Root cause: {cause} in `{ident}`; it needed {number} repeats to show.",
        "`{ident}` {verb} {number2} rows in {number} ms, {adjective} but acceptable.",
        "{person} objects: the {adjective} {noun} belongs to the {noun2}, not to the {noun3}.",
        "Measured on {number2} records, the {noun} {verb} every {noun2} exactly once.",
        "A {adjective} {noun} was found in `{file}`; the {noun2} {verb} it twice.",
        "The fix moves the {noun} out of `{ident}`, which now only {verb} the {noun2}.",
        "Nothing else {verb} the {noun}; `{file}` was the single caller.",
        "We tried a {adjective} {noun} first and gave it up after {number} minutes because of {cause}.",
        "{person} and {person2} disagree on the {noun}; the {adjective} variant won by measurement.",
        "The {noun} of `{file}` has no test for the {adjective} {noun2}.",
        "Support saw {number} tickets about the {noun} last month, most of them on the {adjective} {noun2}.",
        "Rollback: the {adjective} {noun} stays behind the flag `{flag}` for two releases.",
    ],
    ("pt", "sentence"): [
        "O item de {noun} {adjective} passa por `{ident}`, que {verb} o campo {noun2}.",
        "Causa raiz: {cause} em `{ident}`, visível só depois de {number} repetições.",
        "{person} discorda: a regra de {noun} não pertence ao módulo de {noun2}.",
        "Medimos {number2} registros de {noun}; nenhum item de {noun2} ficou {adjective}.",
        "O teste de `{file}` não cobre o caso {adjective} de {noun}.",
        "A correção retira {noun} de `{ident}` e {verb} cada {noun2} uma única vez.",
        "O suporte abriu {number} chamados sobre {noun} no mês, quase todos por {cause}.",
        "Enquanto o interruptor `{flag}` existir, o fluxo de {noun} {verb} o modelo antigo.",
    ],
}
